// SPDX-License-Identifier: LGPL-2.1-or-later
// Stats: counts, retries, the latency window, and cancelled shots that are no failures.
#include "stage/stats.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

guint64 count_of(const Stats& stats, const char* name) {
  guint64 value = G_MAXUINT64;
  gst_structure_get_uint64(stats.to_structure().get(), name, &value);
  return value;
}

} // namespace

TEST(Stats, AreCompleteBeforeAnythingHappened) {
  Stats stats;
  for (auto name : {"requests", "retries", "cache-hits", "done", "failed", "in-flight",
                    "latency-min", "latency-median", "latency-p99"})
    EXPECT_EQ(count_of(stats, name), 0u) << name;
  gdouble cost = -1;
  EXPECT_TRUE(gst_structure_get_double(stats.to_structure().get(), "cost", &cost));
  EXPECT_EQ(cost, 0);
}

TEST(Stats, CountsRequestsRetriesAndCost) {
  Stats stats;
  stats.begin();
  stats.begin();
  stats.begin();
  EXPECT_EQ(count_of(stats, "in-flight"), 3u);
  stats.end({.latency = 5ns, .requests = 3, .cost = 0.25});
  stats.end({.latency = 7ns, .cache_hit = true});
  stats.fail(2);
  EXPECT_EQ(count_of(stats, "in-flight"), 0u);
  EXPECT_EQ(count_of(stats, "requests"), 5u);
  EXPECT_EQ(count_of(stats, "retries"), 3u);
  EXPECT_EQ(count_of(stats, "cache-hits"), 1u);
  EXPECT_EQ(count_of(stats, "done"), 2u);
  EXPECT_EQ(count_of(stats, "failed"), 1u);
}

TEST(Stats, ACancelledShotIsNoFailure) {
  Stats stats;
  stats.begin();
  stats.cancel();
  EXPECT_EQ(count_of(stats, "in-flight"), 0u);
  EXPECT_EQ(count_of(stats, "failed"), 0u);
  EXPECT_EQ(count_of(stats, "requests"), 0u);
}

TEST(Stats, LatenciesAreOfTheNewestShots) {
  Stats stats;
  for (size_t i = 0; i < Stats::kWindow; ++i) {
    stats.begin();
    stats.end({.latency = 1ns, .requests = 1});
  }
  EXPECT_EQ(count_of(stats, "latency-p99"), 1u);
  for (size_t i = 1; i <= Stats::kWindow; ++i) {
    stats.begin();
    stats.end({.latency = std::chrono::nanoseconds(i), .requests = 1});
  }
  EXPECT_EQ(count_of(stats, "latency-min"), 1u);
  EXPECT_NEAR(static_cast<double>(count_of(stats, "latency-median")), 512, 2);
  EXPECT_NEAR(static_cast<double>(count_of(stats, "latency-p99")), 1014, 2);
}

namespace {

void add(Stats& stats, std::chrono::milliseconds latency, double seconds, bool cache_hit = false) {
  stats.begin();
  stats.end({.latency = latency, .cache_hit = cache_hit, .seconds = seconds});
}

} // namespace

TEST(StatsRecent, KnowsNothingBeforeAnythingHappened) {
  const Stats::Recent recent = Stats().recent();
  EXPECT_EQ(recent.success, 1);
  EXPECT_EQ(recent.seconds + recent.latency + recent.latency_p99, 0);
}

TEST(StatsRecent, MeansAreOfTheNewestShots) {
  Stats stats;
  for (int i = 0; i < 100; ++i)
    add(stats, 900s, 60);
  for (size_t i = 0; i < Stats::kRecent; ++i)
    add(stats, i % 2 ? 10s : 20s, i % 2 ? 4 : 6);
  EXPECT_DOUBLE_EQ(stats.recent().seconds, 5);
  EXPECT_DOUBLE_EQ(stats.recent().latency, 15);
  EXPECT_DOUBLE_EQ(stats.recent().latency_p99, 20);
  EXPECT_EQ(stats.recent().success, 1);
}

TEST(StatsRecent, CacheHitsAreNoMeasureOfLatencyUnlessThereIsNoOther) {
  Stats stats;
  add(stats, 2s, 5, true);
  EXPECT_DOUBLE_EQ(stats.recent().latency, 2);
  add(stats, 30s, 5);
  EXPECT_DOUBLE_EQ(stats.recent().latency, 30);
  EXPECT_DOUBLE_EQ(stats.recent().seconds, 5);
}

TEST(StatsRecent, FailuresLowerSuccessButWhatStandsInDoesNot) {
  Stats stats;
  for (int i = 0; i < 2; ++i)
    add(stats, 10s, 5);
  stats.begin();
  stats.fail(1);
  stats.begin();
  stats.fail(1, true);
  stats.begin();
  stats.cancel();
  EXPECT_DOUBLE_EQ(stats.recent().success, 0.75);
  EXPECT_DOUBLE_EQ(stats.recent().latency, 10);
}
