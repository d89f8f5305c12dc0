// SPDX-License-Identifier: LGPL-2.1-or-later
// Brands in the jobs, as a user sees them: what is in the picture, what is measured, what is
// refused.
#include "base/json.h"
#include "media/picture.h"
#include "program.h"

#include <fstream>
#include <sstream>

using namespace aigc;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

struct Extent {
  int left = 10000, top = 10000, right = -1, bottom = -1;
};

class Brands : public ProgramTest {
 protected:
  Brands() {
    g_setenv("AIGC_CACHE_DIR", (folder.parent_path() / "cache").c_str(), TRUE);
    shell("gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=red "
          "! video/x-raw,format=RGB,width=40,height=20 ! pngenc ! filesink location=logo.png");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name).rdbuf();
    return text.str();
  }
  Outcome job(Names words) const {
    words.push_back("backend=preview");
    return aigc(std::move(words), "AIGC_JOBS");
  }
  Outcome post(Names more) const {
    Names words{"post", "prompt=山间的湖", "out=a.png", "width=320", "height=200", "seed=1"};
    words.insert(words.end(), more.begin(), more.end());
    return job(words);
  }
  Raster picture(const std::string& name) const {
    const std::string bytes = read(name);
    Cancel cancel;
    return decode_picture(adopt(g_bytes_new(bytes.data(), bytes.size())).get(), cancel);
  }
  /// Refused before anything starts, in these words.
  void expect_refused(const std::string& brand, const std::string& words) const {
    write("bad.json", brand);
    const Outcome run = post({"brand=bad.json"});
    EXPECT_EQ(run.status, 2) << run.err;
    EXPECT_TRUE(has(run.err, words)) << run.err;
    EXPECT_TRUE(has(run.err, "bad.json")) << run.err;
    EXPECT_FALSE(fs::exists(folder / "a.png"));
  }
};

/// Where there are pixels of about this colour.
Extent find(const Raster& raster, int red, int green, int blue, int tolerance) {
  Extent extent;
  for (int y = 0; y < raster.height; ++y)
    for (int x = 0; x < raster.width; ++x) {
      const auto* pixel = &raster.rgba[4 * (size_t(y) * size_t(raster.width) + size_t(x))];
      if (std::abs(pixel[0] - red) > tolerance || std::abs(pixel[1] - green) > tolerance ||
          std::abs(pixel[2] - blue) > tolerance)
        continue;
      extent.left = std::min(extent.left, x);
      extent.top = std::min(extent.top, y);
      extent.right = std::max(extent.right, x);
      extent.bottom = std::max(extent.bottom, y);
    }
  return extent;
}

bool is_grey(const Raster& raster) {
  for (size_t i = 0; i < raster.rgba.size(); i += 4)
    if (std::abs(raster.rgba[i] - raster.rgba[i + 1]) > 3 ||
        std::abs(raster.rgba[i + 1] - raster.rgba[i + 2]) > 3)
      return false;
  return true;
}

constexpr const char* kHouse = R"({"name": "Acme",
  "text": {"font": "Noto Sans CJK SC Bold", "colour": "#FF00FF"},
  "logo": {"file": "logo.png", "width": 0.25, "corner": "bottom-right"},
  "safe-area": {"x": 0.1, "y": 0.2}})";

/// What a pass looks like: any picture is near enough to one of these, and far from the other.
constexpr const char* kNear = R"({"name": "Acme", "palette": ["#808080"],
  "limits": {"palette-distance": 90, "legibility": 1.1}})";
constexpr const char* kFar = R"({"name": "Acme", "palette": ["#FF00FF"],
  "limits": {"palette-distance": 2}})";

} // namespace

TEST_F(Brands, APostHasLogoAndTitleWhereTheyBelong) {
  write("acme.json", kHouse);
  const Outcome run = post({"brand=acme.json", "title=早安"});
  ASSERT_EQ(run.status, 0) << run.err;
  const Raster made = picture("a.png");
  // 80x40 pixels in the lower right corner, with 32 and 40 free.
  const Extent logo = find(made, 255, 0, 0, 8);
  EXPECT_NEAR(logo.left, 208, 1);
  EXPECT_NEAR(logo.right, 287, 1);
  EXPECT_NEAR(logo.top, 120, 1);
  EXPECT_NEAR(logo.bottom, 159, 1);
  // The title takes the other half.
  const Extent title = find(made, 255, 0, 255, 40);
  ASSERT_GT(title.right, 0);
  EXPECT_GE(title.left, 32);
  EXPECT_LE(title.right, 287);
  EXPECT_GE(title.top, 40);
  EXPECT_LT(title.bottom, 100);
  EXPECT_GT(title.right - title.left, 25);
}

TEST_F(Brands, ALongTitleStaysInsideTheSafeArea) {
  write("acme.json", kHouse);
  ASSERT_EQ(
      post({"brand=acme.json", "title=秋天的第一杯暖茶，送给一直在路上的你和远方的朋友们"}).status,
      0);
  const Extent title = find(picture("a.png"), 255, 0, 255, 40);
  EXPECT_GE(title.left, 32);
  EXPECT_LE(title.right, 287);
  EXPECT_GE(title.top, 40);
}

TEST_F(Brands, AFilmHasThemInEveryFrame) {
  write("acme.json", kHouse);
  const Outcome run = job({"film", "prompt=山间的湖", "out=a.mp4", "width=320", "height=200",
                           "duration=1", "fps=5", "brand=acme.json", "title=早安"});
  ASSERT_EQ(run.status, 0) << run.err;
  ASSERT_EQ(shell("ffmpeg -v error -i a.mp4 frame-%d.png").status, 0);
  for (const char* frame : {"frame-1.png", "frame-5.png"}) {
    const Raster made = picture(frame);
    const Extent logo = find(made, 255, 0, 0, 40);
    EXPECT_NEAR(logo.left, 208, 3) << frame;
    EXPECT_NEAR(logo.bottom, 159, 3) << frame;
    EXPECT_GT(find(made, 255, 0, 255, 80).right, 0) << frame;
  }
}

TEST_F(Brands, TitlesAddNoElementsAndNoMarkup) {
  const Outcome run =
      post({"title=<big>\"! filesink location=stolen\" & $(touch stolen) `touch stolen`</big>"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_FALSE(fs::exists(folder / "stolen"));
  EXPECT_FALSE(has(run.err, "Pango")) << run.err;
}

TEST_F(Brands, TheShotStaysOnThePictureUnderTitleAndLogo) {
  write("acme.json", kHouse);
  const Outcome line = post({"brand=acme.json", "title=早安", "--print"});
  ASSERT_EQ(line.status, 0) << line.err;
  const std::string tail = "'!' pngenc";
  std::string command = line.out;
  const size_t at = command.find(tail);
  ASSERT_NE(at, command.npos) << command;
  command.insert(at, "'!' identity silent=false ");
  command.replace(command.find(" -e "), 4, " -v ");
  const Outcome run = shell(command);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "GstAigcShotMeta")) << run.out;
}

TEST_F(Brands, WhatIsGivenGoesBeforeTheBrand) {
  write("acme.json", R"({"name": "Acme", "grade": {"saturation": 0}})");
  ASSERT_EQ(post({"brand=acme.json"}).status, 0);
  EXPECT_TRUE(is_grey(picture("a.png")));
  ASSERT_EQ(post({"brand=acme.json", "saturation=1"}).status, 0);
  EXPECT_FALSE(is_grey(picture("a.png")));
}

TEST_F(Brands, AGivenStyleAndSeedGoBeforeThoseOfTheBrand) {
  write("ink.json", R"({"name": "A", "style": "ink", "seed": {"policy": "fixed", "value": 3}})");
  write("plain.json", R"({"name": "A"})");
  const auto made = [&](Names more) {
    EXPECT_EQ(post(std::move(more)).status, 0);
    return read("a.png");
  };
  EXPECT_EQ(made({"brand=ink.json", "style=cinematic"}), made({"brand=plain.json"}));
  EXPECT_NE(made({"brand=ink.json"}), made({"brand=plain.json"}));
  EXPECT_EQ(made({"brand=ink.json"}), made({"brand=plain.json", "style=ink"}));
}

TEST_F(Brands, EveryJobTellsItsShotsTheBrand) {
  write("acme.json", kHouse);
  for (const char* name : {"clip", "film", "post"}) {
    const std::string ending = name == std::string("post") ? ".png" : ".mp4";
    const Outcome run = job({name, "prompt=湖", "out=a" + ending, "brand=acme.json", "--print"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_TRUE(has(run.out, "brand=\"")) << run.out;
    EXPECT_TRUE(has(run.out, "/acme.json\"")) << "whole paths travel with the shots: " << run.out;
  }
}

TEST_F(Brands, WrongBrandsStartNothing) {
  expect_refused(R"({"name": "A", "pallete": ["#ffffff"]})",
                 "pallete is unknown; did you mean palette?");
  expect_refused(R"({"name": "A", "palette": []})", "palette has 0 colours");
  expect_refused(R"({"name": "A", "logo": {"file": "none.png"}})", "logo.file: there is no file");
  expect_refused(R"({"name": "A", "limits": {"palette-distance": 9}})", "no palette");
  expect_refused("{\n \"name\": \"A\",\n}", "line 3");
  const Outcome missing = post({"brand=none.json"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(has(missing.err, "none.json")) << missing.err;
  const Outcome name = post({"brand=Acme"});
  EXPECT_EQ(name.status, 2);
  EXPECT_TRUE(has(name.err, "brand=Acme: not a brand file")) << name.err;
  const Outcome colour = post({"title-colour=red"});
  EXPECT_EQ(colour.status, 2);
  EXPECT_TRUE(has(colour.err, "title-colour=red: not a colour")) << colour.err;
}

TEST_F(Brands, ABadBrandOfARowStopsNoOther) {
  write("acme.json", kHouse);
  write("bad.json", R"({"name": "A", "pallete": []})");
  write("posts.csv", "id,prompt,brand\na,湖,acme.json\nb,山,bad.json\nc,船,\n");
  const Names words{"batch", "post", "posts.csv", "width=64", "height=64", "--report", "r.json"};
  EXPECT_EQ(job(words).status, 2);
  EXPECT_FALSE(fs::exists(folder / "a.png"));

  Names skipping = words;
  skipping.push_back("on-error=skip");
  const Outcome run = job(skipping);
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_TRUE(fs::exists(folder / "a.png") && fs::exists(folder / "c.png"));
  EXPECT_FALSE(fs::exists(folder / "b.png"));
  const auto report = parse_json(read("r.json"));
  const JsonView row = JsonView(report.get())["rows"].at(1);
  EXPECT_EQ(row["state"].text(), "failed");
  EXPECT_TRUE(has(row["message"].text(), "posts.csv: row 2 (line 3): brand="))
      << row["message"].text();
  EXPECT_TRUE(has(row["message"].text(), "did you mean palette?")) << row["message"].text();
}

TEST_F(Brands, AnotherBrandOrLogoMakesARowAgain) {
  write("acme.json", kHouse);
  write("posts.txt", "湖\n");
  const Names words{"batch", "post", "posts.txt", "width=64", "height=64", "brand=acme.json"};
  EXPECT_TRUE(has(job(words).out, "made 1"));
  EXPECT_TRUE(has(job(words).out, "skipped 1"));
  shell("gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=blue "
        "! video/x-raw,format=RGB,width=40,height=20 ! pngenc ! filesink location=logo.png");
  EXPECT_TRUE(has(job(words).out, "made 1")) << "the logo has changed";
  write("acme.json", std::string(kHouse).insert(1, R"("words": "ink", )"));
  EXPECT_TRUE(has(job(words).out, "made 1")) << "the brand has other words";
}

TEST_F(Brands, WhereTheBrandAndItsLogoAreDoesNotCount) {
  for (const char* house : {"here", "there"}) {
    fs::create_directory(folder / house);
    write(house + std::string("/acme.json"), kHouse);
    fs::copy_file(folder / "logo.png", folder / house / "logo.png");
  }
  write("posts.csv", "prompt,title\n湖,早安\n");
  const auto made = [this](const std::string& house) {
    return job({"batch", "post", "posts.csv", "width=320", "height=200",
                "brand=" + house + "/acme.json"})
        .out;
  };
  EXPECT_TRUE(has(made("here"), "made 1"));
  EXPECT_TRUE(has(made("there"), "skipped 1"));
}

TEST_F(Brands, EachRowHasASeedOfItsOwnWhateverItsLanguageAndPlace) {
  write("acme.json", R"({"name": "A", "seed": {"policy": "per-shot", "value": 7}})");
  const auto made = [this](const std::string& rows, Names more = {}) {
    write("posts.csv", rows);
    Names words{"batch", "post", "posts.csv", "brand=acme.json", "width=64", "height=64"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome run = job(words);
    EXPECT_EQ(run.status, 0) << run.err;
  };
  made("id,prompt\na,湖\nb,湖\n");
  const std::string a = read("a.png"), b = read("b.png");
  EXPECT_NE(a, b) << "one seed for all rows";
  made("id,out,prompt\nb,c.png,湖\na,d.png,湖\n");
  EXPECT_EQ(read("c.png"), b);
  EXPECT_EQ(read("d.png"), a);
  made("id,prompt,languages\na,湖,\"zh,en\"\n");
  EXPECT_EQ(read("a.zh.png"), a);
  EXPECT_EQ(read("a.en.png"), a);
  // A row without an id is shot-N, as a shot of a list is, and one picture is shot-1.
  made("out,prompt\ne.png,湖\nf.png,湖\n");
  EXPECT_NE(read("e.png"), read("f.png"));
  EXPECT_EQ(
      job({"post", "prompt=湖", "out=g.png", "brand=acme.json", "width=64", "height=64"}).status,
      0);
  EXPECT_EQ(read("g.png"), read("e.png"));
  // What is given goes first.
  made("id,out,prompt\na,h.png,湖\nb,i.png,湖\n", {"seed=3"});
  EXPECT_EQ(read("h.png"), read("i.png"));
}

TEST_F(Brands, TheFiguresAreTold) {
  write("near.json", kNear);
  const Outcome run = post({"brand=near.json", "title=早安", "brand-check=fail"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "brand: palette distance ")) << run.out;
  EXPECT_TRUE(has(run.out, " (at most 90), legibility ")) << run.out;
  EXPECT_FALSE(has(run.out, "past its limits")) << run.out;
  const Outcome events = post({"brand=near.json", "--json"});
  EXPECT_TRUE(has(events.out, R"("event":"brand-check")")) << events.out;
  EXPECT_TRUE(has(events.out, R"("ok":true)")) << events.out;
}

TEST_F(Brands, PastTheLimitsThereIsNoFileWhereThatIsAskedFor) {
  write("far.json", kFar);
  const Outcome told = post({"brand=far.json"});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_TRUE(has(told.out, "past its limits")) << told.out;
  const std::string older = read("a.png");

  const Outcome failed = post({"brand=far.json", "brand-check=fail", "title=早安"});
  EXPECT_EQ(failed.status, 1) << failed.out;
  EXPECT_TRUE(has(failed.err, "a.png was not made: palette distance")) << failed.err;
  EXPECT_EQ(read("a.png"), older) << "what was there stays";
  EXPECT_EQ(files().size(), 3u) << "and nothing is left over";
}

TEST_F(Brands, ATitleTooFaintToReadIsFound) {
  write("faint.json", R"({"name": "Acme", "text": {"colour": "#747474"},
    "limits": {"legibility": 7}})");
  const Outcome run = post({"brand=faint.json", "title=早安", "brand-check=fail"});
  EXPECT_EQ(run.status, 1) << run.out;
  EXPECT_TRUE(has(run.err, "legibility")) << run.err;
  EXPECT_EQ(post({"brand=faint.json", "brand-check=fail"}).status, 0) << "there is nothing to read";
}

TEST_F(Brands, AFilmIsMeasuredToo) {
  write("far.json", kFar);
  const Outcome run = job({"film", "prompt=湖", "out=a.mp4", "width=160", "height=90", "fps=5",
                           "duration=1", "brand=far.json", "brand-check=fail"});
  EXPECT_EQ(run.status, 1) << run.out;
  EXPECT_TRUE(has(run.err, "a.mp4 was not made: palette distance")) << run.err;
}

TEST_F(Brands, ABatchReportsTheFigures) {
  write("near.json", kNear);
  write("far.json", kFar);
  write("posts.csv", "id,prompt,brand\na,湖,near.json\nb,山,far.json\nc,船,\n");
  const Outcome run = job({"batch", "post", "posts.csv", "width=64", "height=64",
                           "brand-check=fail", "--report", "r.json"});
  EXPECT_EQ(run.status, 1) << run.err;
  const auto report = parse_json(read("r.json"));
  const JsonView rows = JsonView(report.get())["rows"];
  EXPECT_EQ(rows.at(0)["state"].text(), "made");
  EXPECT_TRUE(rows.at(0)["brand-check"]["ok"].boolean(false));
  EXPECT_EQ(rows.at(0)["brand-check"]["limits"]["palette-distance"].number(), 90);
  EXPECT_EQ(rows.at(1)["state"].text(), "failed");
  EXPECT_FALSE(rows.at(1)["brand-check"]["ok"].boolean(true));
  EXPECT_GT(rows.at(1)["brand-check"]["palette-distance"].number(), 2);
  EXPECT_FALSE(rows.at(2)["brand-check"].exists());
}

TEST_F(Brands, TheNinePostsAreMade) {
  const fs::path example = fs::path(g_getenv("AIGC_DOCS")) / "examples/nine-posts";
  const Outcome run =
      job({"batch", "post", example / "posts.csv", "width=270", "height=270",
           "brand=" + (example / "shanlan.json").string(), "out-dir=posts", "brand-check=fail"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_TRUE(has(run.out, "made 9, skipped 0, failed 0")) << run.out;
}
