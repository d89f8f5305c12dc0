// SPDX-License-Identifier: LGPL-2.1-or-later
// The jobs we ship: what they make, that --print of each runs by itself, and what they refuse.
#include "channel.h"
#include "escape.h"
#include "launcher.h"
#include "library.h"
#include "packages.h"
#include "program.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// Words that would add elements, run commands or end early if any quoting were wrong.
constexpr const char* kHardWords =
    "女孩 \"a\" ! filesink location=stolen ! $(touch stolen); `touch stolen` 'b' \\";

class Jobs : public ProgramTest {
 protected:
  void SetUp() override {
    for (const char* element : {"aishotsrc", "aipromptenhance", "qwenimagesrc", "wanxvideogen"})
      if (!adopt(gst_element_factory_find(element)))
        GTEST_SKIP() << "the element " << element << " is not built yet";
    g_setenv("AIGC_CACHE_DIR", (folder.parent_path() / "cache").c_str(), TRUE);
  }

  Outcome job(Names words) const {
    words.push_back("backend=preview");
    return aigc(words, "AIGC_JOBS");
  }

  /// The shell's output of `command`, less its last newline.
  std::string ask(const std::string& command) const {
    const Outcome run = shell(command);
    EXPECT_EQ(run.status, 0) << command << "\n" << run.err;
    return run.out.substr(0, run.out.find_last_not_of('\n') + 1);
  }

  std::string probe(const std::string& entries, const std::string& name) const {
    return ask("ffprobe -v error -select_streams v -of csv=p=0 -show_entries " + entries + " " +
               runner::shell_quote(name));
  }

  /// How much each picture of a film differs from the one before it, in grey levels.
  std::vector<double> changes(const std::string& name) const {
    std::istringstream lines(
        ask("ffmpeg -v error -i " + name +
            " -vf format=gray,tblend=all_mode=difference,signalstats,"
            "metadata=print:key=lavfi.signalstats.YAVG:file=- -f null - | grep -o 'YAVG=.*'"));
    std::vector<double> all;
    for (std::string line; std::getline(lines, line);)
      all.push_back(std::stod(line.substr(line.find('=') + 1)));
    return all;
  }

  void write_tone(const std::string& name, int seconds) const {
    ask("gst-launch-1.0 -q audiotestsrc samplesperbuffer=480 num-buffers=" +
        std::to_string(100 * seconds) +
        " ! audio/x-raw,rate=48000 ! wavenc ! filesink location=" + name);
  }
};

std::map<std::string, Names> every_job() {
  return {
      {"film", {"film", "out=it's \"a\" $film.mp4", "duration=1", "width=320", "height=180"}},
      {"post", {"post", "out=it's \"a\" $post.png", "width=320", "height=180"}},
      {"clip", {"clip", "out=it's \"a\" $clip.mp4", "duration=1", "width=320", "height=180"}},
  };
}

} // namespace

TEST(JobTable, EveryJobIsTestedBelow) {
  g_setenv("AIGC_PIPELINES", g_getenv("AIGC_JOBS"), TRUE);
  Names tested{runner::kChannelJob}; // in channel_air_test.cpp
  for (const auto& [name, words] : every_job())
    tested.push_back(name);
  EXPECT_EQ(runner::job_names(), tested);
}

TEST(JobTable, ThePackageOfEveryElementIsKnown) {
  g_setenv("AIGC_PIPELINES", g_getenv("AIGC_JOBS"), TRUE);
  for (const auto& name : runner::job_names()) {
    std::ifstream file(fs::path(g_getenv("AIGC_JOBS")) / (name + ".launch"));
    bool first = true;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("#")) continue;
      for (const auto& word : runner::launch_words(line)) {
        if (word.starts_with("[")) continue;
        const bool element = first && word.find_first_of("=./,") == std::string::npos;
        if (element && word != "!") {
          EXPECT_FALSE(has(runner::package_hint(word), "apt-file")) << name << ": " << word;
        }
        first = word == "!";
      }
      first = true;
    }
  }
}

TEST_F(Jobs, AFilmIsWhatWasAskedFor) {
  const Outcome run =
      job({"film", "prompt=机械狐狸在未来城市奔跑", "out=a.mp4", "duration=2", "fps=25"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.err, "prompt  shot-1 done")) << run.err;
  EXPECT_TRUE(has(run.err, "image   shot-1 done")) << run.err;
  EXPECT_TRUE(has(run.err, "video   shot-1 done")) << run.err;
  EXPECT_TRUE(has(run.out, "a.mp4: 2.00 s, 1280x720, ")) << run.out;
  EXPECT_EQ(files(), Names{"a.mp4"});
  EXPECT_EQ(probe("stream=codec_name,profile,width,height,pix_fmt,color_space,color_transfer,"
                  "color_primaries,r_frame_rate,nb_frames",
                  "a.mp4"),
            "h264,High,1280,720,yuv420p,bt709,bt709,bt709,25/1,50");
}

TEST_F(Jobs, AListOfShotsIsOneFilm) {
  std::ofstream(folder / "list.txt") << "山间的湖\n海上的船\n";
  const Outcome run =
      job({"film", "shots=list.txt", "out=a.mp4", "duration=1", "width=320", "height=180"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "a.mp4: 2.00 s, 320x180")) << run.out;
}

TEST_F(Jobs, AChainIsOneFilmWithoutACut) {
  std::ofstream(folder / "list.txt") << "a red fox in the snow\na blue city at night\n";
  Names words = {"film", "shots=list.txt", "out=a.mp4", "duration=1", "width=320", "height=180"};
  ASSERT_EQ(job(words).status, 0);
  const auto cut = changes("a.mp4");
  ASSERT_EQ(cut.size(), 59u);
  EXPECT_GT(cut[29], 15); // from one shot to the other
  for (const char* keyframe : {"auto", "never"}) {
    SCOPED_TRACE(keyframe);
    Names chained = words;
    chained.insert(chained.end(), {"chain=true", std::string("keyframe=") + keyframe});
    ASSERT_EQ(job(chained).status, 0);
    const auto goes_on = changes("a.mp4");
    ASSERT_EQ(goes_on.size(), 59u);
    EXPECT_LT(*std::max_element(goes_on.begin(), goes_on.end()), 5);
  }
}

TEST_F(Jobs, WhichShotsHaveAKeyframeIsSaidByTheListElseByTheJob) {
  std::ofstream(folder / "list.json")
      << R"([{"script":"fox","keyframe":"never"},{"script":"owl"},{"script":"cat","keyframe":"auto"}])";
  for (const auto& [keyframe, painted] :
       std::map<std::string, int>{{"auto", 2}, {"always", 3}, {"never", 0}}) {
    SCOPED_TRACE(keyframe);
    const Outcome run = job({"film", "shots=list.json", "out=a.mp4", "duration=1", "width=320",
                             "height=180", "keyframe=" + keyframe, "--json"});
    ASSERT_EQ(run.status, 0) << run.err << run.out;
    int found = 0;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);)
      found += has(line, "\"shot-done\"") && has(line, "\"image\"");
    EXPECT_EQ(found, painted) << run.out;
  }
}

TEST_F(Jobs, AListHasItsWordsInTheLanguageOfTheFilm) {
  std::ofstream(folder / "list.csv")
      << "id,script:zh,script:en\nlake,山间的湖,a lake\nship,船,a ship\n";
  const Names words = {"film",       "shots=list.csv", "out=a.mp4",
                       "duration=1", "width=320",      "height=180"};
  Names english = words;
  english.insert(english.end(), {"language=en", "--json"});
  const Outcome run = job(english);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "lake.en")) << run.out;
  const Outcome none = job(words);
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(has(none.err, "list.csv: row 1 (line 2): script: has words for several languages"))
      << none.err;
}

TEST_F(Jobs, BadRowsOfAListAreLeftOutWhereAskedAndSaid) {
  std::ofstream(folder / "list.csv") << "script,width\n山间的湖,\n船,1\n,64\n";
  Names words = {"film", "shots=list.csv", "out=a.mp4", "duration=1", "width=320", "height=180"};
  EXPECT_EQ(job(words).status, 1);
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
  words.push_back("on-error=skip");
  const Outcome run = job(words);
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_TRUE(has(run.out, "a.mp4: 1.00 s, 320x180")) << run.out;
  EXPECT_TRUE(has(run.err, "list.csv: row 2 (line 3): width is 1")) << run.err;
  EXPECT_TRUE(has(run.err, "list.csv: row 3 (line 4): script: missing")) << run.err;
  EXPECT_TRUE(has(run.out + run.err, "list        0       2")) << run.out << run.err;

  std::ofstream(folder / "rows.csv") << "shots,out\nlist.csv,b.mp4\n";
  const Outcome many =
      job({"batch", "film", "rows.csv", "on-error=skip", "duration=1", "width=320", "height=180"});
  EXPECT_EQ(many.status, 1) << many.err;
  EXPECT_TRUE(has(many.err, "made, but without 2 of its shots")) << many.err;
  EXPECT_TRUE(fs::exists(folder / "b.mp4"));
}

TEST_F(Jobs, MusicIsLoopedAndCutToTheFilm) {
  if (!adopt(gst_element_factory_find("streamfollow")))
    GTEST_SKIP() << "the element streamfollow is not built yet";
  for (const int seconds : {1, 9}) {
    write_tone("tone.wav", seconds);
    const Outcome run = job({"film", "prompt=下雨的街", "out=a.mp4", "music=tone.wav", "duration=3",
                             "width=320", "height=180"});
    ASSERT_EQ(run.status, 0) << run.err;
    const std::string length = ask("ffprobe -v error -select_streams a -of csv=p=0 "
                                   "-show_entries stream=duration a.mp4");
    EXPECT_NEAR(std::stod(length), 3.0, 0.1) << "from " << seconds << " s of music";
    EXPECT_EQ(ask("ffprobe -v error -select_streams a -of csv=p=0 -show_entries "
                  "stream=codec_name a.mp4"),
              "aac");
  }
}

TEST_F(Jobs, MusicOfEveryKindFades) {
  for (const char* kind :
       {"format=S24LE ! wavenc", "format=S16LE ! flacenc", "format=F64LE ! wavenc"}) {
    ask(std::string("gst-launch-1.0 -q audiotestsrc num-buffers=50 ! audioconvert ! audio/x-raw,") +
        kind + " ! filesink location=tone");
    const Outcome run = job({"film", "prompt=下雨的街", "out=a.mp4", "music=tone", "duration=1",
                             "fade=1", "width=320", "height=180"});
    ASSERT_EQ(run.status, 0) << kind << ": " << run.err;
    const auto peak = [&](const char* from) {
      return std::stod(ask(std::string("ffmpeg -hide_banner -nostats -ss ") + from +
                           " -t 0.05 -i a.mp4 -vn -af volumedetect -f null - 2>&1 | "
                           "sed -n 's/.*max_volume: \\([-0-9.]*\\) dB/\\1/p'"));
    };
    EXPECT_LT(peak("0.95"), peak("0.05") - 10) << kind;
  }
}

TEST_F(Jobs, InterruptedWhileItFilmsALongFilmEndsSoon) {
  Program program = start({"film", "prompt=下雨的街", "out=a.mp4", "duration=60", "width=320",
                           "height=180", "backend=preview"},
                          "AIGC_JOBS");
  std::this_thread::sleep_for(1s);
  const auto begun = std::chrono::steady_clock::now();
  program.signal(SIGINT);
  const Outcome run = program.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_FALSE(has(run.err, "error")) << run.err;
}

TEST_F(Jobs, APostIsAPictureOfTheKindItsNameSays) {
  ASSERT_EQ(job({"post", "prompt=雪山", "out=a.png", "width=640", "height=360"}).status, 0);
  ASSERT_EQ(job({"post", "prompt=雪山", "out=a.JPEG"}).status, 0);
  EXPECT_EQ(probe("stream=codec_name,width,height", "a.png"), "png,640,360");
  EXPECT_EQ(probe("stream=codec_name,width,height", "a.JPEG"), "mjpeg,1280,720");
}

TEST_F(Jobs, AClipIsTheFileTheServiceMade) {
  const Outcome run =
      job({"clip", "prompt=灯塔", "out=a.mp4", "duration=1", "width=320", "height=180"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto made = runner::examine(folder / "a.mp4");
  ASSERT_TRUE(made);
  EXPECT_GE(made->seconds, 1.0);
  EXPECT_GE(made->width, 320);
  ask("cmp \"$(find ../cache -name '*.mp4')\" a.mp4");
}

TEST_F(Jobs, WhateverTheWordsNothingIsAddedAndPrintRunsByItself) {
  for (auto [name, words] : every_job()) {
    words.push_back(std::string("prompt=") + kHardWords);
    const Outcome run = job(words);
    EXPECT_EQ(run.status, 0) << name << ": " << run.err;
    const Names made = files();
    ASSERT_EQ(made.size(), 1u) << name;
    fs::remove(folder / made[0]);
    words.push_back("--print");
    const std::string line = job(words).out;
    const Outcome pasted = shell(line);
    EXPECT_EQ(pasted.status, 0) << line << pasted.err;
    EXPECT_EQ(files(), made) << line;
    EXPECT_TRUE(runner::examine(folder / made[0])) << line;
    fs::remove(folder / made[0]);
  }
}

TEST_F(Jobs, BadInputIsOneClearErrorAndNoFile) {
  std::ofstream(folder / "row.json") << R"([{"script": "a"}, {"script": 7}])";
  std::ofstream(folder / "empty.txt") << "";
  const std::string long_text(100 * 1024, 'x');
  const Names cases[] = {
      {"prompt= "},
      {"prompt=\xff"},
      {"prompt=" + long_text},
      {"shots=none.txt"},
      {"shots=row.json"},
      {"shots=empty.txt"},
      {"prompt=a", "width=1"},
      {"prompt=a", "width=641"},
      {"prompt=a", "duration=0"},
      {"prompt=a", "duration=10000"},
      {"prompt=a", "shots=row.json"},
      {"prompt=a", "backend=magic"},
      {"prompt=a", "music=row.json"},
      {},
  };
  for (Names words : cases) {
    const std::string last = words.empty() ? "nothing" : words.back().substr(0, 40);
    words.insert(words.begin(), {"film", "out=a.mp4"});
    const Outcome run = job(words);
    EXPECT_TRUE(run.status == 1 || run.status == 2) << last << ": " << run.status << run.err;
    EXPECT_TRUE(has(run.err, "error: ")) << last << ": " << run.err;
    EXPECT_EQ(run.err.find("error: "), run.err.rfind("error: ")) << last << ": " << run.err;
    EXPECT_FALSE(fs::exists(folder / "a.mp4")) << last;
    EXPECT_EQ(files().size(), 2u) << last;
  }
}
