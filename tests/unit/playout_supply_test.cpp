// SPDX-License-Identifier: LGPL-2.1-or-later
// S = N * D * p / L, and what follows from it.
#include "playout/supply.h"

#include <gtest/gtest.h>
#include <limits>

using namespace aigc;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr GstClockTime kAutomatic = GST_CLOCK_TIME_NONE;

SupplyFacts facts(unsigned at_once, double clip, double latency, double success) {
  SupplyFacts facts;
  facts.at_once = at_once;
  facts.clip_seconds = clip;
  facts.latency = latency;
  facts.success = success;
  return facts;
}

SupplyFacts measured(double p99, double clip = 5) {
  SupplyFacts facts;
  facts.latency_p99 = p99;
  facts.clip_seconds = clip;
  return facts;
}

} // namespace

/// The rows of the table in docs/playout.md: with so many at once the channel just lives.
TEST(Supply, HowManyAtOnceAChannelNeeds) {
  struct Row {
    double clip, latency, success;
    unsigned needed;
  };
  for (const Row& row :
       {Row{5, 60, 0.95, 13}, {8, 120, 0.9, 17}, {5, 300, 0.9, 67}, {10, 10, 0.98, 2}}) {
    EXPECT_GE(supply_ratio(facts(row.needed, row.clip, row.latency, row.success)), 1.0);
    EXPECT_LT(supply_ratio(facts(row.needed - 1, row.clip, row.latency, row.success)), 1.0);
  }
  EXPECT_NEAR(supply_ratio(facts(8, 5, 300, 0.9)), 0.12, 1e-9);
}

TEST(Supply, IsNothingWhereNothingIsKnownOrMade) {
  EXPECT_EQ(supply_ratio(SupplyFacts{}), 0);
  EXPECT_EQ(supply_ratio(facts(4, 5, 0, 1)), 0);
  EXPECT_EQ(supply_ratio(facts(4, 5, kNan, 1)), 0);
  EXPECT_EQ(supply_ratio(facts(4, kNan, 60, 1)), 0);
  EXPECT_EQ(supply_ratio(facts(4, 5, 60, kNan)), 0);
  EXPECT_EQ(supply_ratio(facts(4, -5, 60, 1)), 0);
  EXPECT_EQ(supply_ratio(facts(4, 5, 60, -1)), 0);
  auto resting = facts(100, 5, 10, 1);
  resting.resting = true;
  EXPECT_EQ(supply_ratio(resting), 0);
}

TEST(Supply, StaysANumber) {
  EXPECT_EQ(supply_ratio(facts(1, 5, 60, 9)), supply_ratio(facts(1, 5, 60, 1)));
  const double huge = supply_ratio(facts(G_MAXUINT, kInfinite, 1e-300, 1));
  EXPECT_GE(huge, 1);
  EXPECT_LT(huge, kInfinite);
}

TEST(WaterMarks, BeforeAnythingWasMeasured) {
  for (const double p99 : {0.0, kNan, -3.0}) {
    const auto marks = water_marks(measured(p99), kAutomatic, kAutomatic);
    EXPECT_EQ(marks.low, 30 * GST_SECOND);
    EXPECT_EQ(marks.high, 60 * GST_SECOND);
  }
}

TEST(WaterMarks, FollowTheLatency) {
  const auto marks = water_marks(measured(100), kAutomatic, kAutomatic);
  EXPECT_EQ(marks.low, 202 * GST_SECOND);
  EXPECT_EQ(marks.high, 404 * GST_SECOND);
  const auto quick = water_marks(measured(1, 60), kAutomatic, kAutomatic);
  EXPECT_EQ(quick.low, 4 * GST_SECOND);
  EXPECT_EQ(quick.high, 64 * GST_SECOND);
  const auto huge = water_marks(measured(1e300, kInfinite), kAutomatic, kAutomatic);
  EXPECT_LE(huge.high, 2 * 86400 * GST_SECOND);
}

TEST(WaterMarks, WhatIsSetHolds) {
  const auto both = water_marks(measured(100), 10 * GST_SECOND, 20 * GST_SECOND);
  EXPECT_EQ(both.low, 10 * GST_SECOND);
  EXPECT_EQ(both.high, 20 * GST_SECOND);
  const auto low = water_marks(measured(0), 10 * GST_SECOND, kAutomatic);
  EXPECT_EQ(low.low, 10 * GST_SECOND);
  EXPECT_EQ(low.high, 20 * GST_SECOND);
  const auto high = water_marks(measured(100), kAutomatic, 50 * GST_SECOND);
  EXPECT_EQ(high.low, 50 * GST_SECOND);
  EXPECT_EQ(high.high, 50 * GST_SECOND);
  const auto crossed = water_marks(measured(100), 40 * GST_SECOND, 10 * GST_SECOND);
  EXPECT_EQ(crossed.low, 40 * GST_SECOND);
  EXPECT_EQ(crossed.high, 40 * GST_SECOND);
  EXPECT_EQ(water_marks(measured(100), 0, 0).high, 0u);
}

TEST(RunsOut, AfterTheReserveAndWhatComesMeanwhile) {
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, 0), 60 * GST_SECOND);
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, 0.5), 120 * GST_SECOND);
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, kNan), 60 * GST_SECOND);
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, -1), 60 * GST_SECOND);
  EXPECT_EQ(runs_out_in(0, 0.5), 0u);
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, 1), kAutomatic);
  EXPECT_EQ(runs_out_in(60 * GST_SECOND, kInfinite), kAutomatic);
  EXPECT_EQ(runs_out_in(kAutomatic - 1, 0.999999999), kAutomatic);
}
