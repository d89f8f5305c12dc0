// SPDX-License-Identifier: LGPL-2.1-or-later
// How much air is made against how much is used: S = N * D * p / L, and the water marks.
#pragma once

#include "stage/live.h"

#include <gst/gst.h>

namespace aigc {

struct WaterMarks {
  GstClockTime low = 0;  ///< below it the reserve may run out before more can come
  GstClockTime high = 0; ///< above it nothing more is ordered
};

/// Seconds of air made per second, of what the stages say; 0 when nothing is known yet.
double supply_ratio(const SupplyFacts& facts);

/// Of the measured latency: low = p99 with one try more, and an opening; high = twice that, or one
/// clip more. Before anything was measured: 30 s and 60 s. `low`, `high`: what was set instead,
/// GST_CLOCK_TIME_NONE = automatic; the high one is never below the low one.
WaterMarks water_marks(const SupplyFacts& facts, GstClockTime low, GstClockTime high);

/// When the reserve runs out at that supply; GST_CLOCK_TIME_NONE = never.
GstClockTime runs_out_in(GstClockTime reserve, double ratio);

} // namespace aigc
