// SPDX-License-Identifier: LGPL-2.1-or-later
// A look before paying: what stopping at keyframes, going on, another take and a dry run pay, by
// the stand-in's own books.
#include "../standin.h"
#include "batch_plan.h"
#include "plan.h"
#include "program.h"
#include "service/backend.h"

#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace aigc;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// What services have been paid for: words, pictures, clips.
struct Paid {
  size_t words = 0, pictures = 0, clips = 0;
  bool operator==(const Paid&) const = default;
  Paid operator-(const Paid& other) const {
    return {words - other.words, pictures - other.pictures, clips - other.clips};
  }
};

void PrintTo(const Paid& paid, std::ostream* out) {
  *out << paid.words << " words, " << paid.pictures << " pictures, " << paid.clips << " clips";
}

class Look : public ProgramTest {
 protected:
  Look() {
    set("AIGC_CACHE_DIR", folder.parent_path() / "cache");
    for (const char* service : {"DEEPSEEK", "DASHSCOPE"})
      set(service + std::string("_API_KEY"), "sk-standin");
    set("DEEPSEEK_BASE_URL", server.address("deepseek"));
    set("DASHSCOPE_BASE_URL", server.address("dashscope"));
    server.configure(R"({"limits": "off", "video": {"seconds": 0.1, "pending_seconds": 0}})");
    write("story.json", R"([{"script": "雪山下的湖 <script>alert(1)</script>", "duration": 2},
                            {"script": "湖上的小船", "duration": 2, "id": "boat"},
                            {"script": "岸边的灯", "duration": 2}])");
  }
  ~Look() override {
    for (const auto& name : names_)
      g_setenv(name.c_str(), "", TRUE);
  }

  void set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    g_setenv(name.c_str(), value.c_str(), TRUE);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name, std::ios::binary).rdbuf();
    return text.str();
  }

  Outcome film(Names words) const {
    words.insert(words.begin(),
                 {"film", "shots=story.json", "out=story.mp4", "width=320", "height=180", "fps=2"});
    return aigc(words, "AIGC_JOBS");
  }

  Paid paid() const {
    Paid sum;
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    for (size_t i = 0; i < calls.size(); ++i) {
      const std::string route = calls.at(i)["route"].text();
      sum.words += route == "chat";
      sum.pictures += route.starts_with("image");
      sum.clips += route == "video";
    }
    return sum;
  }

  std::optional<gint64> last_picture_seed() const {
    std::optional<gint64> seed;
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    for (size_t i = 0; i < calls.size(); ++i)
      if (calls.at(i)["route"].text().starts_with("image")) seed = calls.at(i)["seed"].integer();
    return seed;
  }

  /// The event of that name in the output of a run with --json.
  JsonView event(const Outcome& run, const std::string& name) {
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      event_ = parse_json(line);
      if (JsonView(event_.get())["event"].text() == name) return JsonView(event_.get());
    }
    ADD_FAILURE() << "no event " << name << " in\n" << run.out << run.err;
    return {};
  }

  Standin server;

 private:
  Names names_;
  Ref<JsonNode> event_;
};

} // namespace

TEST_F(Look, StoppedAtKeyframesAFilmPaysForNoClipAndShowsThem) {
  const Outcome run = film({"--stop-at=keyframes"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(paid(), (Paid{3, 3, 0}));
  for (const char* name : {"0001.png", "0002.png", "0003.png", "sheet.html", "sheet.jpg"})
    EXPECT_TRUE(fs::exists(folder / "story.keyframes" / name)) << name;
  EXPECT_FALSE(fs::exists(folder / "story.mp4"));
  const std::string page = read("story.keyframes/sheet.html");
  EXPECT_FALSE(has(page, "<script")) << "words must be escaped";
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(1)"));
  EXPECT_TRUE(has(page, "2 · boat"));
  EXPECT_TRUE(has(page, "href=\"0002.png\""));
  EXPECT_TRUE(has(page, "data:image/jpeg;base64,"));
}

TEST_F(Look, AShotThatFailedHasACardThatSaysWhy) {
  server.fail(R"([{"route": "image-async", "kind": "status", "status": 400, "times": 1,
                   "code": "DataInspectionFailed", "message": "not allowed"}])");
  const Outcome run = film({"--stop-at=keyframes", "on-error=skip"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_EQ(paid().pictures, 2u);
  const std::string page = read("story.keyframes/sheet.html");
  EXPECT_TRUE(has(page, "story.mp4 · 2 keyframes, 1 failed"));
  EXPECT_TRUE(has(page, "<div class=\"box failed\">"));
}

TEST_F(Look, WhenEveryShotFailedTheSheetSaysSoAndNobodyWasInterrupted) {
  server.fail(R"([{"route": "image-async", "kind": "status", "status": 400, "times": 6,
                   "code": "DataInspectionFailed", "message": "not allowed"}])");
  const Outcome run = film({"--stop-at=keyframes", "on-error=skip"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_FALSE(has(run.out, "interrupted")) << run.out;
  EXPECT_TRUE(has(run.out, "story.keyframes/sheet.jpg: ")) << run.out;
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "0 keyframes, 3 failed"));
  const Outcome events = film({"--stop-at=keyframes", "on-error=skip", "--json"});
  EXPECT_TRUE(has(event(events, "done")["file"].text(), "sheet.jpg"));
}

TEST_F(Look, RemovesPicturesItMadeAndNoOthers) {
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  const Names others{"0003.xcf", "0003.webp", "0004.png", "1234.html"};
  for (const auto& name : others)
    write("story.keyframes/" + name, "mine");
  write("story.json", R"([{"script": "湖上的小船", "duration": 2, "id": "boat"}])");
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  EXPECT_TRUE(fs::exists(folder / "story.keyframes/0001.png"));
  EXPECT_FALSE(fs::exists(folder / "story.keyframes/0002.png"));
  EXPECT_FALSE(fs::exists(folder / "story.keyframes/0003.png"));
  for (const auto& name : others)
    EXPECT_TRUE(fs::exists(folder / "story.keyframes" / name)) << name;
}

TEST_F(Look, GoingOnPaysForClipsOnly) {
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  const Outcome run = film({"--from=keyframes"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(paid(), (Paid{3, 3, 3}));
  EXPECT_TRUE(fs::exists(folder / "story.mp4"));
}

TEST_F(Look, GoingOnRefusesKeyframesNobodyHasSeen) {
  const Outcome none = film({"--from=keyframes"});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(has(none.err, "1 (shot-1), 2 (boat), 3 (shot-3)")) << none.err;
  ASSERT_EQ(film({"--stop-at=keyframes"}).status, 0);
  write("story.json", R"([{"script": "雪山下的湖 <script>alert(1)</script>", "duration": 2},
                          {"script": "湖上的大船", "duration": 2, "id": "boat"}])");
  const Paid before = paid();
  const Outcome one = film({"--from=keyframes"});
  EXPECT_EQ(one.status, 2);
  EXPECT_TRUE(has(one.err, "the shots 2 (boat)\n")) << one.err;
  EXPECT_EQ(paid(), before);
}

TEST_F(Look, AnotherTakePaysForOnePictureAndOneClip) {
  ASSERT_EQ(film({}).status, 0);
  const Paid first = paid();
  EXPECT_EQ(first, (Paid{3, 3, 3}));
  const Outcome again = film({"retake=2"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(paid() - first, (Paid{0, 1, 1}));
  // It is remembered, and twice is yet another.
  ASSERT_EQ(film({}).status, 0);
  EXPECT_EQ(paid() - first, (Paid{0, 1, 1}));
  ASSERT_EQ(film({"retake=boat"}).status, 0);
  EXPECT_EQ(paid() - first, (Paid{0, 2, 2}));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"("boat":2)"));
}

TEST_F(Look, WhatWasSeenIsWhatTheFilmGets) {
  ASSERT_EQ(film({"--stop-at=keyframes", "seed=7"}).status, 0);
  const Outcome again = film({"--stop-at=keyframes", "seed=7", "retake=3"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(paid(), (Paid{3, 4, 0}));
  EXPECT_EQ(last_picture_seed(), 7 + kTakeStride);
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "take 1"));
  ASSERT_EQ(film({"--from=keyframes", "seed=7"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 4, 3}));
  // Twice is another take, and going on may take shots again that are named.
  ASSERT_EQ(film({"--from=keyframes", "seed=7", "retake=3"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 5, 4}));
  EXPECT_EQ(last_picture_seed(), 7 + 2 * kTakeStride);
}

TEST_F(Look, InALanguageShotsAreKnownByTheirOwnIds) {
  const Names zh{"language=zh", "--stop-at=keyframes"};
  ASSERT_EQ(film(zh).status, 0);
  for (const char* word : {"retake=boat", "retake=2"}) {
    Names words = zh;
    words.push_back(word);
    ASSERT_EQ(film(words).status, 0) << word;
  }
  EXPECT_EQ(paid(), (Paid{3, 5, 0}));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"boat":2})"));
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "<b>2 · boat</b>"));
}

TEST_F(Look, TakesThatAreGivenGoBeforeThoseRememberedAndBesideThem) {
  const auto asked = [this](const Names& words) {
    Names all = words;
    all.push_back("--print");
    const Outcome run = film(all);
    const size_t begin = run.out.find("takes=\"") + sizeof "takes=\"" - 1;
    return run.out.substr(begin, run.out.find('"', begin) - begin);
  };
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=2", "takes=1=3"}).status, 0);
  EXPECT_EQ(paid(), (Paid{3, 3, 0}));
  EXPECT_TRUE(has(read("story.keyframes/sheet.html"), "take 3"));
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"boat":1})"));
  EXPECT_EQ(asked({}), "2=1");
  EXPECT_EQ(asked({"takes=1=3"}), "1=3,2=1");
  EXPECT_EQ(asked({"takes=boat=4,3=2"}), "2=4,3=2");
  EXPECT_EQ(asked({"takes=boat=4", "retake=2"}), "2=5");
  EXPECT_EQ(asked({"take=5"}), "2=1");
  EXPECT_EQ(asked({"take=5", "retake=3"}), "2=1,3=6");
}

TEST_F(Look, DigitsAreANumberAndNoId) {
  write("story.json", R"([{"script": "湖", "duration": 2, "id": "2"},
                          {"script": "船", "duration": 2, "id": "1"}])");
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=1"}).status, 0);
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"2":1})"));
  ASSERT_EQ(film({"--stop-at=keyframes", "retake=2"}).status, 0);
  EXPECT_TRUE(has(read("story.keyframes/takes.json"), R"({"1":1,"2":1})"))
      << read("story.keyframes/takes.json");
}

TEST_F(Look, ABatchKeepsToTheTakesToo) {
  ASSERT_EQ(film({"retake=2"}).status, 0);
  const Paid before = paid();
  write("rows.csv", "shots,out\nstory.json,story.mp4\n");
  const Outcome run =
      aigc({"batch", "film", "rows.csv", "width=320", "height=180", "fps=2"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "made 1, skipped 0")) << run.out;
  EXPECT_EQ(paid(), before);
}

TEST_F(Look, AShotThatIsNotThereCannotBeTakenAgain) {
  for (const char* word : {"retake=4", "retake=0", "retake=ship", "retake=2,,3"}) {
    const Outcome run = film({word});
    EXPECT_EQ(run.status, 2) << word;
    EXPECT_TRUE(has(run.err, "there is no such shot in the list of 3")) << run.err;
  }
  EXPECT_EQ(paid(), Paid());
  fs::create_directory(folder / "story.keyframes");
  write("story.keyframes/takes.json", R"({"takes": {"boat": -1}})");
  const Outcome broken = film({});
  EXPECT_EQ(broken.status, 1);
  EXPECT_TRUE(has(broken.err, "takes.json: the take of boat")) << broken.err;
}

TEST_F(Look, ADryRunPaysNothingAndSaysWhatARealOnePays) {
  const Outcome dry = film({"--dry-run", "--json"});
  EXPECT_EQ(dry.status, 0) << dry.out;
  EXPECT_EQ(paid(), Paid());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "only story.json";
  const JsonView plan = event(dry, "plan");
  EXPECT_EQ(plan["calls"].integer(), 9);
  EXPECT_EQ(plan["from-store"].integer(), 0);
  EXPECT_GT(plan["seconds"].number().value_or(0), 0);
  const double whole = plan["cost"]["CNY"].number().value_or(0);
  double at_most_for_words = 0, others = 0;
  for (size_t i = 0; i < plan["stages"].size(); ++i) {
    const JsonView stage = plan["stages"].at(i);
    EXPECT_EQ(stage["calls"].integer(), 3);
    (stage["stage"].text() == "prompt" ? at_most_for_words : others) +=
        stage["cost"]["CNY"].number().value_or(0);
  }
  EXPECT_NEAR(at_most_for_words + others, whole, 1e-9);

  const Outcome real = film({"--json"});
  EXPECT_EQ(paid(), (Paid{3, 3, 3}));
  const JsonView done = event(real, "done");
  const double cost = done["cost"]["CNY"].number().value_or(0);
  EXPECT_LE(cost, whole);
  EXPECT_GE(cost, others);
  EXPECT_LT(at_most_for_words, 0.1);

  const Outcome after = film({"--dry-run", "--json"});
  EXPECT_EQ(event(after, "plan")["calls"].integer(), 0);
  EXPECT_EQ(event(after, "plan")["from-store"].integer(), 9);
  EXPECT_EQ(event(film({"--dry-run", "--json", "retake=2"}), "plan")["calls"].integer(), 2);
  EXPECT_EQ(paid(), (Paid{3, 3, 3}));
}

TEST_F(Look, ADryRunOfTheLookCountsNoClips) {
  const Outcome dry = film({"--dry-run", "--stop-at=keyframes"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_TRUE(has(dry.out, "6 calls, 0 from the store")) << dry.out;
  EXPECT_FALSE(has(dry.out, "video")) << dry.out;
}

TEST_F(Look, ADryRunOfABatchAddsUpItsRowsAndMakesNothing) {
  write("rows.csv", "out,prompt\na.png,湖\nb.png,船\nc.png,湖\n");
  const Names words{"batch", "post", "rows.csv", "width=512", "height=512"};
  Names dry = words;
  dry.push_back("--dry-run");
  const Outcome run = aigc(dry, "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  // Two rows want the same picture, which is paid for once.
  EXPECT_TRUE(has(run.out, "dry run of 3 files: 4 calls")) << run.out;
  EXPECT_EQ(paid(), Paid());
  EXPECT_FALSE(fs::exists(folder / ".aigc-batch"));
  ASSERT_EQ(aigc(words, "AIGC_JOBS").status, 0);
  EXPECT_EQ(paid(), (Paid{2, 2, 0}));
  EXPECT_TRUE(has(aigc(dry, "AIGC_JOBS").out, "dry run of 0 files, 3 skipped: 0 calls"));
}

TEST_F(Look, ADryRunSaysWhichRowsWouldFail) {
  write("rows.csv", "out,prompt,width\na.png,湖,512\nb.png,船,8000\n");
  const Outcome run = aigc({"batch", "post", "rows.csv", "height=512", "--dry-run"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(has(run.err, "failed: row 2 (line 3), b.png: ")) << run.err;
  EXPECT_TRUE(has(run.out, "dry run of 1 file: 2 calls")) << run.out;
}

TEST_F(Look, ADryRunRefusesPlacesWhereNothingCanBeWritten) {
  const Outcome one = aigc({"post", "prompt=湖", "out=no/such/a.png", "--dry-run"}, "AIGC_JOBS");
  EXPECT_EQ(one.status, 1) << one.out;
  EXPECT_TRUE(has(one.err, "there is no folder")) << one.err;
  write("rows.csv", "out,prompt\nno/such/a.png,湖\nb.png,船\n");
  const Names words{"batch", "post", "rows.csv", "width=512", "height=512", "--dry-run"};
  const Outcome rows = aigc(words, "AIGC_JOBS");
  EXPECT_EQ(rows.status, 2) << rows.out;
  EXPECT_TRUE(has(rows.err, "no/such/a.png cannot be written: there is no folder")) << rows.err;
  // Below out-dir a real run makes them, unless a file stands there.
  Names below = words;
  below.push_back("out-dir=made");
  EXPECT_EQ(aigc(below, "AIGC_JOBS").status, 0);
  EXPECT_FALSE(fs::exists(folder / "made"));
  below.back() = "out-dir=rows.csv/made";
  EXPECT_EQ(aigc(below, "AIGC_JOBS").status, 2);
  fs::create_directory(folder / "b.png");
  write("rows.csv", "out,prompt\na.png,湖\nb.png,船\n");
  const Outcome taken = aigc(words, "AIGC_JOBS");
  EXPECT_EQ(taken.status, 1);
  EXPECT_TRUE(has(taken.err, "failed: row 2 (line 3), b.png: ")) << taken.err;
}

TEST_F(Look, ADryRunSaysWhenItCouldCostMoreThanItMay) {
  write("rows.csv", "out,prompt\na.png,湖\nb.png,船\n");
  const Names words{"batch", "post", "rows.csv", "width=512", "height=512", "--dry-run"};
  for (const char* limit : {"--max-cost=0.01", "--max-cost=100"}) {
    Names limited = words;
    limited.push_back(limit);
    const Outcome rows = aigc(limited, "AIGC_JOBS");
    const bool beyond = has(limit, "0.01");
    EXPECT_EQ(rows.status, beyond ? 1 : 0) << rows.err;
    EXPECT_EQ(has(rows.err, "CNY, and max-cost is 0.01"), beyond) << rows.err;
    EXPECT_TRUE(has(rows.out, "at most 0.")) << rows.out;
  }
  const Outcome one = film({"--dry-run", "max-cost=0.5"});
  EXPECT_EQ(one.status, 1);
  EXPECT_TRUE(has(one.err, "CNY, and max-cost is 0.5")) << one.err;
  set("AIGC_MAX_COST", "0.5");
  EXPECT_EQ(film({"--dry-run"}).status, 1);
  EXPECT_EQ(paid(), Paid());
}

TEST_F(Look, RefusesWhatMakesNoSense) {
  const std::vector<Names> wrong = {{"--stop-at=clips"},
                                    {"--from=words"},
                                    {"--stop-at=keyframes", "--from=keyframes"},
                                    {"--dry-run", "--print"},
                                    {"--stop-at=keyframes", "--print"},
                                    {"--sheet=s.jpg"},
                                    {"--stop-at=keyframes", "languages=zh,en"}};
  for (const auto& words : wrong)
    EXPECT_EQ(film(words).status, 2) << words.front();
  write("rows.csv", "shots\nstory.json\n");
  EXPECT_EQ(aigc({"batch", "film", "rows.csv", "--stop-at=keyframes"}, "AIGC_JOBS").status, 2);
  EXPECT_EQ(aigc({"batch", "film", "rows.csv", "--dry-run", "--report=r.json"}, "AIGC_JOBS").status,
            2);
  const Outcome retake = aigc({"batch", "film", "rows.csv", "retake=1"}, "AIGC_JOBS");
  EXPECT_EQ(retake.status, 2);
  EXPECT_TRUE(has(retake.err, "retake is for one film")) << retake.err;
  EXPECT_EQ(aigc({"bars", "out=a.mp4", "--stop-at=keyframes"}).status, 2);
  EXPECT_EQ(paid(), Paid());
}

TEST_F(Look, AJobThatAsksNobodyHasNothingToPlan) {
  const Outcome run = aigc({"bars", "out=a.mp4", "--dry-run"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "0 calls")) << run.out;
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
}

TEST_F(Look, ABatchDrawsASheetOfWhatIsThere) {
  write("rows.csv", "out,prompt,width\na.png,\"<script>湖</script>\",512\nb.png,船,8000\n");
  const Outcome run =
      aigc({"batch", "post", "rows.csv", "height=512", "--sheet=s.html"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 1);
  const std::string page = read("s.html");
  EXPECT_TRUE(has(page, "href=\"a.png\"")) << run.err;
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_TRUE(has(page, "<div class=\"box failed\">"));
  EXPECT_TRUE(has(page, "1 there, 1 failed"));
  EXPECT_GT(fs::file_size(folder / "s.sheet.jpg"), 5000u);
  EXPECT_EQ(aigc({"batch", "post", "rows.csv", "--sheet=s.txt"}, "AIGC_JOBS").status, 2);
  EXPECT_EQ(aigc({"batch", "post", "rows.csv", "--sheet=no/s.jpg"}, "AIGC_JOBS").status, 2);
}

namespace {

runner::PlannedCall call(const char* stage, int index, double seconds) {
  return {.id = std::to_string(index),
          .index = index,
          .stage = stage,
          .service = "s",
          .model = stage,
          .key = stage + std::to_string(index),
          .seconds = seconds};
}

double seconds_of(const std::vector<runner::Plan>& plans, size_t jobs = 1) {
  return runner::sum_plans(plans, jobs).seconds;
}

} // namespace

TEST(PlanTime, FollowsStagesLimitsAndChains) {
  // One after another, and the second shot's picture while the first is filmed.
  std::vector<runner::PlannedCall> two{call("image", 0, 2), call("image", 1, 2),
                                       call("video", 0, 10), call("video", 1, 10)};
  EXPECT_EQ(seconds_of({{two}}), 22);
  for (auto& one : two)
    one.at_once = 2;
  EXPECT_EQ(seconds_of({{two}}), 12);
  two[2].concurrent = two[3].concurrent = 1; // of the account
  EXPECT_EQ(seconds_of({{two}}), 22);
  two[2].concurrent = two[3].concurrent = 0;
  two[2].chain = two[3].chain = "walk";
  EXPECT_EQ(seconds_of({{two}}), 22);
  two[2].chain = two[3].chain = "";
  two[0].per_second = two[1].per_second = 0.2;
  EXPECT_EQ(seconds_of({{two}}), 17);
}

TEST(PlanTime, FilesShareTheServicesAndAreMadeAtOnce) {
  runner::Plan a{{call("image", 0, 4)}}, b{{call("image", 1, 4)}}, c{{call("image", 2, 4)}};
  EXPECT_EQ(seconds_of({a, b, c}, 1), 12);
  EXPECT_EQ(seconds_of({a, b, c}, 3), 4);
  for (auto* plan : {&a, &b, &c})
    plan->calls[0].concurrent = 2;
  EXPECT_EQ(seconds_of({a, b, c}, 3), 8);
  EXPECT_EQ(runner::sum_plans({a, a}, 1).calls(), 1);
}

// What hangs must find all it works with until the process is over.
TEST(PlanRows, InterruptedTwiceTheyEndTheProcessThoughOneHangs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto interrupted = [] {
    std::vector<runner::BatchResult> rows(1);
    const auto display = runner::text_display();
    const auto hang = [](const runner::BatchItem&, runner::Report&, runner::Interrupt& interrupt) {
      for (const Cancel* told : {&interrupt.finish, &interrupt.at_once}) {
        std::raise(SIGINT);
        while (!told->cancelled())
          std::this_thread::yield();
      }
      std::this_thread::sleep_for(std::chrono::seconds(30));
      return std::optional<runner::Plan>();
    };
    runner::plan_rows(rows, 1, hang, *display);
    _exit(0);
  };
  EXPECT_EXIT(interrupted(), testing::ExitedWithCode(130), "stopping");
}
