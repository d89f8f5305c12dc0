// SPDX-License-Identifier: LGPL-2.1-or-later
// The constant-rate grid of an output: every time and every sample boundary follows from a frame's
// number, so nothing can drift.
#pragma once

#include <algorithm>

#include <gst/gst.h>

namespace aigc {

struct Grid {
  int fps_n = 25;
  int fps_d = 1;

  /// When frame `number` starts.
  GstClockTime time_of(guint64 number) const {
    return gst_util_uint64_scale(number, GST_SECOND * fps_d, fps_n);
  }

  /// The whole frames nearest to `span`, at least one.
  guint64 frames_in(GstClockTime span) const {
    return std::max<guint64>(1, gst_util_uint64_scale_round(span, fps_n, GST_SECOND * fps_d));
  }

  /// The first audio sample of frame `number`.
  guint64 sample_of(guint64 number, int rate) const {
    return gst_util_uint64_scale_round(number, static_cast<guint64>(rate) * fps_d, fps_n);
  }
};

} // namespace aigc
