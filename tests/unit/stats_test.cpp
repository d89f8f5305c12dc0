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
  stats.end(5ns, 3, 0.25, false);
  stats.end(7ns, 0, 0, true);
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
    stats.end(1ns, 1, 0, false);
  }
  EXPECT_EQ(count_of(stats, "latency-p99"), 1u);
  for (size_t i = 1; i <= Stats::kWindow; ++i) {
    stats.begin();
    stats.end(std::chrono::nanoseconds(i), 1, 0, false);
  }
  EXPECT_EQ(count_of(stats, "latency-min"), 1u);
  EXPECT_NEAR(static_cast<double>(count_of(stats, "latency-median")), 512, 2);
  EXPECT_NEAR(static_cast<double>(count_of(stats, "latency-p99")), 1014, 2);
}
