// SPDX-License-Identifier: LGPL-2.1-or-later
// A dry run: it pays nothing, and says what a real one would pay, how long that takes, and what
// would fail.
#include "batch_plan.h"
#include "plan.h"
#include "plan_rig.h"

#include <csignal>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;

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

TEST_F(Look, AJobThatAsksNobodyHasNothingToPlan) {
  const Outcome run = aigc({"bars", "out=a.mp4", "--dry-run"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "0 calls")) << run.out;
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
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
