// SPDX-License-Identifier: LGPL-2.1-or-later
// When tasks are looked at: mean number of looks and mean delay, on a clock that only counts.
#include "service/poll_plan.h"
#include "temp_folder.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <random>

using namespace aigc;

namespace {

constexpr double kMedian = 60, kSigma = 0.5;
const TimeStats kKnown{.count = 100, .mean = std::log(kMedian), .variance = kSigma * kSigma};
constexpr int kTasks = 20'000, kTasksToLearn = 3'000;

struct Watch {
  double looks = 0; ///< per task
  double delay = 0; ///< seconds, from the end of a task to the look that finds it
};

/// Watches one task that takes `duration`; returns when it was found.
double watch(const PollPlan& plan, double duration, Watch& run, double& before) {
  double time = 0;
  before = 0;
  for (;;) {
    before = time;
    time = plan.next(time);
    run.looks += 1;
    if (time >= duration) break;
  }
  run.delay += time - duration;
  return time;
}

Watch watch_all(
    int tasks, const std::function<PollPlan()>& plan,
    const std::function<void(double)>& seen = [](double) {}, double median = kMedian) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> draw(std::log(median), kSigma);
  Watch run;
  for (int i = 0; i < tasks; ++i) {
    double before = 0;
    const double found = watch(plan(), draw(random), run, before);
    seen((before + found) / 2);
  }
  run.looks /= tasks;
  run.delay /= tasks;
  return run;
}

/// The least mean delay that `looks` in the mean can have: the integral of the root of density
/// times survival, squared, over twice the looks.
double least_delay(double looks) {
  double sum = 0;
  const double step = 0.01;
  for (double t = step / 2; t < 40 * kMedian; t += step) {
    const double z = (std::log(t) - std::log(kMedian)) / kSigma;
    const double density = std::exp(-z * z / 2) / (t * kSigma * std::sqrt(2 * M_PI));
    const double survival = 0.5 * std::erfc(z / std::sqrt(2));
    sum += std::sqrt(density * survival) * step;
  }
  return sum * sum / (2 * looks);
}

} // namespace

TEST(PollPlan, ComesNearTheLeastDelayWithTwelveLooks) {
  const double least = least_delay(PollPlan::kLooks);
  EXPECT_NEAR(least, 2.07, 0.01);
  const PollPlan plan(kKnown);
  const Watch run = watch_all(kTasks, [&] { return plan; });
  RecordProperty("looks", std::to_string(run.looks));
  RecordProperty("delay", std::to_string(run.delay));
  EXPECT_LE(run.looks, 12);
  EXPECT_LE(run.delay, 1.3 * least) << run.looks;
}

TEST(PollPlan, LearnsFromNothing) {
  TempFolder folder;
  TaskTimes times(folder.path());
  const Watch run = watch_all(
      kTasksToLearn, [&] { return PollPlan(times.of("s", "m")); },
      [&](double seconds) { times.add("s", "m", seconds); });
  EXPECT_LE(run.looks, 12);
  EXPECT_LE(run.delay, 1.3 * least_delay(12)) << run.looks;
  RecordProperty("looks", std::to_string(run.looks));
  RecordProperty("delay", std::to_string(run.delay));
}

TEST(PollPlan, ShortTasksAreFoundWithinASmallShareOfTheirTime) {
  for (const double median : {0.5, 1.0, 3.0}) {
    const PollPlan plan({.count = 100, .mean = std::log(median), .variance = kSigma * kSigma});
    const Watch run = watch_all(
        kTasks, [&] { return plan; }, [](double) {}, median);
    EXPECT_LE(run.looks, PollPlan::kShortLooks) << median;
    EXPECT_LE(run.delay, (median > 1 ? 0.02 : 0.013) * median) << median;
  }
}

TEST(PollPlan, GapsStayWithinBounds) {
  const PollPlan plan(kKnown);
  double time = 0;
  for (int i = 0; i < 200; ++i) {
    const double next = plan.next(time);
    EXPECT_GE(next - time, 0.499) << time;
    EXPECT_LE(next - time, i == 0 ? kMedian : 15.001) << time;
    time = next;
  }
}

TEST(PollPlan, TheFirstTasksAreFoundWithinASmallShareOfTheirTime) {
  const PollPlan plan({});
  EXPECT_LE(plan.next(0), 0.06);
  for (double time = 1; time < 3600; time = plan.next(time)) {
    EXPECT_LE(plan.next(time) - time, std::max(0.06, 0.03 * time) + 1e-9);
    EXPECT_GE(plan.next(time) - time, 0.059);
  }
}

TEST(PollPlan, TasksOfNoLengthAreSoonLookedAtWithinFiftyMilliseconds) {
  TempFolder folder;
  TaskTimes times(folder.path());
  for (int i = 0; i < 6; ++i)
    times.add("s", "m", PollPlan(times.of("s", "m")).next(0) / 4);
  EXPECT_LE(PollPlan(times.of("s", "m")).next(0), 0.05);
}

TEST(PollPlan, OneTaskThatTakesLongAmongQuickOnesIsNotForgotten) {
  const PollPlan plan({.count = 100, .mean = std::log(0.01), .variance = 0});
  for (double time = plan.next(0); time < 60; time = plan.next(time))
    EXPECT_LE(plan.next(time) - time, std::max(0.1, 0.11 * time)) << time;
}

TEST(TaskTimes, AreRememberedInTheStoreAndForgiveADamagedFile) {
  TempFolder folder;
  {
    TaskTimes times(folder.path());
    times.add("s", "m", 10);
    times.add("s", "m", 1000);
  }
  const TimeStats stats = TaskTimes(folder.path()).of("s", "m");
  EXPECT_EQ(stats.count, 2);
  EXPECT_NEAR(std::exp(stats.mean), 100, 0.01);
  EXPECT_NEAR(stats.variance, std::pow(std::log(10), 2), 0.01);
  EXPECT_EQ(TaskTimes(folder.path()).of("s", "other").count, 0);
  g_file_set_contents((folder.path() + "/task-times.json").c_str(), "{\"s m\":[", -1, nullptr);
  EXPECT_EQ(TaskTimes(folder.path()).of("s", "m").count, 0);
}
