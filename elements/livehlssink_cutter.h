// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of livehlssink: takes the transport stream and cuts it where events in it say so.
#pragma once

#include "base/guarded.h"
#include "playout/hls_writer.h"

#include <atomic>
#include <deque>

#include <gst/base/gstbasesink.h>

namespace aigc {

/// An item that went on air.
struct HlsMark {
  GstClockTime time;
  HlsDateRange range;
};

inline constexpr int kHlsAudioPid = 66; ///< by the name of the muxer's pad

/// A segment that is to begin once the sound of the one before is all there. With B-frames a
/// picture is sent before the sound of its time, and the sound must not go into the segment of the
/// picture.
struct HlsNext {
  GstClockTime time;
  bool discontinuity;
  std::string packets; ///< of the new segment
};

/// One run of livehlssink, from READY to READY.
struct LiveHlsRun {
  LiveHlsRun(HlsSettings settings, bool has_sound)
      : writer(std::move(settings)), has_sound(has_sound) {}
  HlsWriter writer; ///< of the streaming thread of video up to the first frame, then of the cutter
  const bool has_sound;
  std::optional<HlsNext> next;                ///< of the cutter
  Guarded<std::deque<HlsMark>> marks;         ///< ahead of the cutter
  std::atomic<GstClockTime> end = 0;          ///< of the last frame that went on
  std::atomic<bool> has_other_format = false; ///< what comes now differs from what came before
  /// Nothing can be written yet, or ever: sound without pictures would fill the queue before the
  /// muxer, and hold up what is before it.
  std::atomic<bool> is_dropping = false;
};

/// Posts what went wrong as warnings of the bin.
void hls_tell_trouble(LiveHlsRun& run, GstElement* bin);

/// What stands before the frame that begins a segment.
GstEvent* hls_begin_event(GstClockTime time, bool discontinuity);
/// What is open ends at `time`; what follows is missing.
GstEvent* hls_end_event(GstClockTime time);

} // namespace aigc

G_BEGIN_DECLS

#define GST_TYPE_LIVE_HLS_CUTTER (gst_live_hls_cutter_get_type())
G_DECLARE_FINAL_TYPE(GstLiveHlsCutter, gst_live_hls_cutter, GST, LIVE_HLS_CUTTER, GstBaseSink)

/// `run` outlives the streaming; null between runs.
void gst_live_hls_cutter_set_run(GstLiveHlsCutter* self, aigc::LiveHlsRun* run);

G_END_DECLS
