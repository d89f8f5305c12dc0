// SPDX-License-Identifier: LGPL-2.1-or-later
// See supply.h.
#include "playout/supply.h"

#include <algorithm>
#include <cmath>

namespace aigc {
namespace {

constexpr WaterMarks kUnmeasured{30 * GST_SECOND, 60 * GST_SECOND};
constexpr double kTries = 2;    ///< the one that is paid for, and one more
constexpr double kOpening = 2;  ///< seconds to fetch, inspect and open a clip
constexpr double kMost = 86400; ///< seconds; no reserve is larger than a day
constexpr double kMostRatio = 1e6;

/// 0 for what is no number of seconds.
double seconds(double value) {
  return value > 0 ? std::min(value, kMost) : 0.0;
}

GstClockTime time_of(double seconds) {
  return static_cast<GstClockTime>(seconds * double(GST_SECOND));
}

} // namespace

double supply_ratio(const SupplyFacts& facts) {
  const double latency = seconds(facts.latency), clip = seconds(facts.clip_seconds);
  const double success = facts.success > 0 ? std::min(facts.success, 1.0) : 0.0;
  if (facts.resting || latency == 0) return 0;
  return std::min(facts.at_once * clip * success / latency, kMostRatio);
}

WaterMarks water_marks(const SupplyFacts& facts, GstClockTime low, GstClockTime high) {
  WaterMarks marks = kUnmeasured;
  const double latency = seconds(facts.latency_p99);
  const bool low_set = GST_CLOCK_TIME_IS_VALID(low), high_set = GST_CLOCK_TIME_IS_VALID(high);
  if (low_set)
    marks.low = low;
  else if (latency > 0)
    marks.low = time_of(std::min(latency * kTries + kOpening, kMost));
  if (high_set)
    marks.high = high;
  else if (low_set || latency > 0)
    marks.high = std::max(2 * marks.low, marks.low + time_of(seconds(facts.clip_seconds)));
  if (high_set && !low_set)
    marks.low = std::min(marks.low, marks.high);
  else
    marks.high = std::max(marks.high, marks.low);
  return marks;
}

GstClockTime runs_out_in(GstClockTime reserve, double ratio) {
  if (ratio >= 1 || !GST_CLOCK_TIME_IS_VALID(reserve)) return GST_CLOCK_TIME_NONE;
  const double used = ratio > 0 ? 1 - ratio : 1.0; // of each second; what is no number is 0
  const double lasts = double(reserve) / used;
  return lasts < double(G_MAXINT64) ? static_cast<GstClockTime>(lasts) : GST_CLOCK_TIME_NONE;
}

} // namespace aigc
