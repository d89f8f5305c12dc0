// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the segments of a live stream begin and end: at key frames, on a grid of the target
// duration.
#pragma once

#include <optional>

#include <gst/gst.h>

namespace aigc {

/// What is to happen before a frame goes on, in this order.
struct HlsDecision {
  std::optional<GstClockTime> end; ///< what is open, or missing, ends there, and more is missing
  bool begin = false;              ///< the frame begins a segment; what was before it ends
  bool keep = false;               ///< the frame goes on; else it is left out
};

/// All times are running times. Not thread-safe.
class HlsCut {
 public:
  explicit HlsCut(GstClockTime target = 6 * GST_SECOND) : target_(target) {}

  HlsDecision frame(GstClockTime time, GstClockTime duration, bool is_key);
  /// The next key frame begins a segment, wherever on the grid it is.
  void cut_at_next_key() { at_next_key_ = true; }
  /// Of the frames that went on.
  GstClockTime end() const { return end_; }

  /// The next time at which a key frame is to be asked for, as far ahead as an encoder may have
  /// gone already; GST_CLOCK_TIME_NONE when nothing is to be asked for now.
  GstClockTime next_request();

 private:
  /// A frame that starts this much before the grid point is the one on it.
  static constexpr GstClockTime kTolerance = GST_MSECOND;
  /// What an encoder may hold back, so what it must know in advance.
  static constexpr GstClockTime kLead = 10 * GST_SECOND;

  bool is_too_long(GstClockTime end) const;
  void open(GstClockTime time);

  GstClockTime target_;
  GstClockTime origin_ = GST_CLOCK_TIME_NONE; ///< of the grid: the first frame of the first segment
  GstClockTime start_ = 0;                    ///< of what is open, or missing
  GstClockTime end_ = 0;
  GstClockTime boundary_ = 0; ///< from which the next key frame cuts
  GstClockTime asked_ = 0;    ///< the last grid point a key frame was asked for
  bool is_open_ = false;
  bool at_next_key_ = false;
};

} // namespace aigc
