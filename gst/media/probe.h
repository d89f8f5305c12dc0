// SPDX-License-Identifier: LGPL-2.1-or-later
// What is in a clip file, learnt by demuxing it without decoding.
#pragma once

#include "base/cancel.h"
#include "base/error.h"

#include <string>
#include <vector>

#include <gst/gst.h>
#include <gst/video/video.h>

namespace aigc {

/// The largest clip file taken.
inline constexpr guint64 kMaxClipBytes = 2ull << 30;

/// Times are running times of the file's own timeline.
struct ClipInfo {
  std::string uri;
  std::string path;
  int width = 0; ///< pixels as shown: square ones, after rotation
  int height = 0;
  int fps_n = 0; ///< 0 when unknown
  int fps_d = 1;
  GstVideoOrientationMethod orientation = GST_VIDEO_ORIENTATION_IDENTITY;
  bool has_audio = false;
  GstClockTime origin = 0;        ///< when the first frame is shown
  GstClockTime span = 0;          ///< from the first frame to the end of the last
  GstClockTime longest_frame = 0; ///< the longest time one frame stays
  GstClockTime reached = 0;       ///< the end of whatever ends last, sound included
  GstClockTime claimed = 0;       ///< what the file says of that; 0 when it says nothing
  guint64 frames = 0;             ///< pictures of the video stream

  /// A picture that can be decoded without others.
  struct Keyframe {
    GstClockTime time;
    guint64 frames_before; ///< shown before it
  };
  std::vector<Keyframe> keyframes; ///< in order; empty when the file does not mark them
};

/// Reads the whole file, in milliseconds for a clip of seconds. Throws Error naming the URI and the
/// remedy: not_found, not_authorized, settings (scheme), format (not a video), damaged (empty,
/// truncated, unreadable), missing_plugin, cancelled.
ClipInfo probe_clip(const std::string& uri, Cancel& cancel);

} // namespace aigc
