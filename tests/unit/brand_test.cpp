// SPDX-License-Identifier: LGPL-2.1-or-later
// Brand files: what is read, what is refused and how that is said, and what becomes of a shot.
#include "base/error.h"
#include "base/json.h"
#include "shot/brand.h"
#include "store/files.h"
#include "temp_folder.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

namespace aigc {
namespace {

const std::string kExamples =
    std::filesystem::path(g_getenv("AIGC_DOCS")).parent_path() / "tests/unit/brands";

class BrandFile : public ::testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "acme.json") {
    const std::string path = folder_.path() + "/" + name;
    write_file(path, text, false);
    return path;
  }

  /// The error that reading `text` gives.
  Error refusal(const std::string& text) {
    try {
      load_brand(write(text));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "was read: " << text;
    return {Fault::read, ""};
  }

  void expect_refused(const std::string& text, const std::string& part, Fault fault) {
    const Error error = refusal(text);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(folder_.path() + "/acme.json"), std::string::npos)
        << error.what();
    EXPECT_EQ(error.fault, fault) << error.what();
    EXPECT_FALSE(error.remedy.empty());
  }

  TempFolder folder_;
};

TEST_F(BrandFile, ReadsEverything) {
  const auto brand = load_brand(kExamples + "/valid/everything.json");
  EXPECT_EQ(brand->name, "Acme Tea");
  EXPECT_EQ(brand->style, "watercolor");
  EXPECT_EQ(brand->words, "soft morning light, rice paper texture");
  EXPECT_EQ(brand->negative, "neon, plastic");
  ASSERT_EQ(brand->palette.size(), 2u);
  EXPECT_EQ(brand->palette[0], (BrandColour{"", 0x2f, 0x5d, 0x50}));
  EXPECT_EQ(brand->palette[1], (BrandColour{"rice white", 0xf4, 0xef, 0xe2}));
  EXPECT_EQ(brand->saturation, 0.9);
  EXPECT_EQ(brand->contrast, 1.05);
  EXPECT_EQ(brand->brightness, -0.02);
  EXPECT_EQ(brand->seeds, Brand::Seeds::per_shot);
  EXPECT_EQ(brand->seed, 2147483647);
  EXPECT_EQ(brand->font, "Noto Sans CJK SC");
  EXPECT_EQ(brand->text_colour, (BrandColour{"", 0xff, 0xff, 0xff}));
  ASSERT_TRUE(brand->logo);
  EXPECT_EQ(brand->logo->path, kExamples + "/logo.png");
  EXPECT_EQ(brand->logo->width, 0.2);
  EXPECT_EQ(brand->logo->corner, "bottom-left");
  EXPECT_EQ(brand->safe_x, 0.04);
  EXPECT_EQ(brand->safe_y, 0.06);
  EXPECT_EQ(brand->max_palette_distance, 18);
  EXPECT_EQ(brand->min_legibility, 4.5);
}

TEST_F(BrandFile, LeavesEmptyWhatItDoesNotSay) {
  const auto brand = load_brand(write(R"({"name": "Acme"})"));
  EXPECT_TRUE(brand->palette.empty());
  EXPECT_FALSE(brand->saturation || brand->logo || brand->text_colour || brand->safe_x ||
               brand->max_palette_distance || brand->min_legibility);
  EXPECT_EQ(brand->seeds, Brand::Seeds::free);
}

TEST_F(BrandFile, GuessesMistypedKeys) {
  expect_refused(R"({"name": "Acme", "pallete": ["#ffffff"]})",
                 "pallete is unknown; did you mean palette?", Fault::settings);
  expect_refused(R"({"name": "Acme", "grade": {"saturaton": 1}})",
                 "grade.saturaton is unknown; did you mean saturation?", Fault::settings);
  expect_refused(R"({"name": "Acme", "colour": "#ffffff"})", "colour is unknown", Fault::settings);
}

TEST_F(BrandFile, NamesTheMemberThatIsWrong) {
  expect_refused(R"({"name": "A", "palette": []})", "palette has 0 colours", Fault::settings);
  expect_refused(R"({"name": "A", "palette": ["#fff"]})",
                 R"(palette[0] must be a colour such as "#2F5D50", not "#fff")", Fault::settings);
  expect_refused(R"({"name": "A", "palette": ["#ffffff", {"name": "x"}]})",
                 "palette[1] has no colour", Fault::settings);
  expect_refused(R"({"name": "A", "grade": {"contrast": 3}})",
                 "grade.contrast must be a number from 0 to 2, not 3", Fault::settings);
  expect_refused(R"({"name": "A", "grade": 1})", "grade must be an object", Fault::settings);
  expect_refused(R"({"name": 7})", "name must be a string, not 7", Fault::settings);
  expect_refused(R"({"style": "ink"})", "has no name", Fault::settings);
  expect_refused(R"({"name": "A", "logo": {"width": 0.1}})", "logo has no file", Fault::settings);
  expect_refused("[]", "must hold an object", Fault::settings);
}

TEST_F(BrandFile, SaysWhereTheSyntaxBreaks) {
  expect_refused("{\n  \"name\": \"Acme\",\n  'style': 1}", "line 3, column 3", Fault::format);
}

TEST_F(BrandFile, RefusesALogoThatIsNoPng) {
  expect_refused(R"({"name": "A", "logo": {"file": "none.png"}})", "logo.file: there is no file",
                 Fault::not_found);
  write("GIF89a", "logo.png");
  expect_refused(R"({"name": "A", "logo": {"file": "logo.png"}})", "is not a PNG", Fault::format);
}

TEST_F(BrandFile, RefusesWhatIsNoFile) {
  EXPECT_THROW(load_brand(folder_.path() + "/none.json"), Error);
  EXPECT_THROW(load_brand(folder_.path()), Error);
}

TEST_F(BrandFile, IsReadAgainWhenItChanges) {
  const std::string path = write(R"({"name": "One"})");
  const auto first = load_brand(path);
  EXPECT_EQ(load_brand(path), first);
  write(R"({"name": "Another"})");
  EXPECT_EQ(load_brand(path)->name, "Another");
}

TEST_F(BrandFile, ExamplesAreReadOrRefusedAsTheirFoldersSay) {
  size_t valid = 0, invalid = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples + "/valid")) {
    EXPECT_NO_THROW(load_brand(entry.path())) << entry.path();
    ++valid;
  }
  for (const auto& entry : std::filesystem::directory_iterator(kExamples + "/invalid")) {
    EXPECT_THROW(load_brand(entry.path()), Error) << entry.path();
    ++invalid;
  }
  EXPECT_GT(valid, 3u);
  EXPECT_GT(invalid, 20u);
}

/// Names of all members a schema describes, groups taken apart.
void list_members(JsonView schema, const std::string& before, std::vector<std::string>& names) {
  for (const auto& name : schema["properties"].members()) {
    const JsonView property = schema["properties"][name.c_str()];
    if (property["properties"].is_object())
      list_members(property, before + name + ".", names);
    else
      names.push_back(before + name);
  }
}

TEST(BrandSchema, HasTheMembersOfTheReader) {
  const auto bytes = read_file(std::string(g_getenv("AIGC_DOCS")) + "/brand.schema.json");
  ASSERT_TRUE(bytes);
  const auto schema = parse_json(view(bytes.get()));
  std::vector<std::string> names, known = brand_members();
  list_members(schema.get(), "", names);
  std::sort(names.begin(), names.end());
  std::sort(known.begin(), known.end());
  EXPECT_EQ(names, known);
}

TEST(BrandDocument, HasTheMembersOfTheReader) {
  const auto bytes = read_file(std::string(g_getenv("AIGC_DOCS")) + "/brand.md");
  ASSERT_TRUE(bytes);
  std::vector<std::string> names, known = brand_members();
  std::istringstream lines{std::string(view(bytes.get()))};
  bool table = false;
  for (std::string line; std::getline(lines, line);) {
    table = line.starts_with("| member |") || (table && line.starts_with("|"));
    if (table && line.starts_with("| `")) names.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  std::sort(names.begin(), names.end());
  std::sort(known.begin(), known.end());
  EXPECT_EQ(names, known);
}

TEST(BrandOfAShot, IsAFileOrAName) {
  EXPECT_TRUE(is_brand_file("acme.json"));
  EXPECT_TRUE(is_brand_file("brands/Acme.JSON"));
  EXPECT_FALSE(is_brand_file("Acme"));
  EXPECT_FALSE(is_brand_file(".json"));
  EXPECT_FALSE(is_brand_file(""));
}

Brand tea_house() {
  Brand brand;
  brand.name = "山岚茶事";
  brand.style = "ink";
  brand.words = "手绘水墨质感";
  brand.negative = "霓虹";
  brand.palette = {{"茶绿", 0x2f, 0x5d, 0x50}, {"", 0xf4, 0xef, 0xe2}};
  return brand;
}

TEST(ApplyBrand, PutsItsWordsInFront) {
  Shot shot;
  shot.script = "一杯茶";
  shot.prompt = "清晨的一杯茶。";
  shot.negative_prompt = "文字";
  apply_brand(tea_house(), shot);
  EXPECT_EQ(shot.prompt, "手绘水墨质感，清晨的一杯茶。");
  EXPECT_EQ(shot.negative_prompt, "霓虹，文字");
  EXPECT_EQ(shot.style, "ink");
  EXPECT_EQ(shot.script, "一杯茶");
}

TEST(ApplyBrand, TwiceIsOnce) {
  Shot once;
  once.script = "a cup of tea";
  apply_brand(tea_house(), once);
  Shot twice = once;
  apply_brand(tea_house(), twice);
  EXPECT_EQ(once, twice);
  EXPECT_EQ(once.prompt, "手绘水墨质感，a cup of tea");
  EXPECT_EQ(once.negative_prompt, "霓虹");
}

TEST(ApplyBrand, LeavesWhatAShotSaysItself) {
  Shot shot;
  shot.style = "oil";
  shot.seed = 3;
  Brand brand = tea_house();
  brand.seeds = Brand::Seeds::fixed;
  brand.seed = 42;
  apply_brand(brand, shot);
  EXPECT_EQ(shot.style, "oil");
  EXPECT_EQ(shot.seed, 3);
  EXPECT_EQ(shot.prompt, ""); // a keyframe without words stays one
}

TEST(ApplyBrand, GivesSeeds) {
  Brand brand = tea_house();
  Shot one, two;
  one.id = "one";
  two.id = "two";
  Shot free = one;
  apply_brand(brand, free);
  EXPECT_EQ(free.seed, -1);
  brand.seed = 42;
  brand.seeds = Brand::Seeds::fixed;
  Shot fixed = one;
  apply_brand(brand, fixed);
  EXPECT_EQ(fixed.seed, 42);
  brand.seeds = Brand::Seeds::per_shot;
  Shot again = one;
  apply_brand(brand, one);
  apply_brand(brand, again);
  apply_brand(brand, two);
  EXPECT_EQ(one.seed, again.seed);
  EXPECT_NE(one.seed, two.seed);
  EXPECT_GE(std::min(one.seed, two.seed), 0);
  EXPECT_LE(std::max(one.seed, two.seed), 2147483647);
}

TEST(ApplyBrand, PutsItsWordsWhereEveryModelReadsThem) {
  const std::string far(400, 'x');
  Shot shot;
  shot.prompt = far + "手绘水墨质感";
  apply_brand(tea_house(), shot);
  EXPECT_EQ(shot.prompt, "手绘水墨质感，" + far + "手绘水墨质感");
  const Shot once = shot;
  apply_brand(tea_house(), shot);
  EXPECT_EQ(shot, once);
  shot.prompt = "清晨，手绘水墨质感。";
  apply_brand(tea_house(), shot);
  EXPECT_EQ(shot.prompt, "清晨，手绘水墨质感。");
}

TEST(ApplyBrand, KeepsItsWordsWhereThePromptIsTooLong) {
  Shot shot;
  shot.prompt = std::string(kMaxTextBytes, 'x');
  apply_brand(tea_house(), shot);
  EXPECT_EQ(shot.prompt.size(), kMaxTextBytes);
  EXPECT_EQ(shot.prompt.find("手绘水墨质感"), 0u);
}

TEST(BrandBrief, TellsNameWordsAndColours) {
  EXPECT_EQ(brand_brief(tea_house()), "山岚茶事: 手绘水墨质感 (茶绿 #2F5D50, #F4EFE2)");
}

} // namespace
} // namespace aigc
