// SPDX-License-Identifier: LGPL-2.1-or-later
// What livehlssink does with encoded frames before they are muxed: decides where segments begin,
// asks the encoder for key frames there, and notes which item is on air.
#pragma once

#include "base/ref.h"
#include "livehlssink_cutter.h"
#include "playout/hls_cut.h"

namespace aigc {

/// Sees when a stream changes its format.
class HlsFormat {
 public:
  void on_data() { has_data_ = true; }
  /// Whether the event is of caps that take the place of others, of which data came.
  bool on_event(GstEvent* event);
  const GstCaps* caps() const { return caps_.get(); }

 private:
  Ref<GstCaps> caps_;
  bool has_data_ = false;
};

/// The watch over the pad `video`, in its streaming thread.
class LiveHlsVideo {
 public:
  /// @param pad the pad `video`, @param next the pad behind it; both outlive this
  LiveHlsVideo(LiveHlsRun& run, GstPad* pad, GstPad* next) : run_(run), pad_(pad), next_(next) {}

  GstPadProbeReturn probe(GstPadProbeInfo* info);

 private:
  /// Of an encoder; what was told to start farther from its frame is of another time.
  static constexpr GstClockTimeDiff kMostDelay = 10 * GST_SECOND;

  GstPadProbeReturn on_event(GstEvent* event);
  GstPadProbeReturn on_frame(GstBuffer* buffer);
  std::optional<unsigned> find_target();
  bool is_live() const;
  bool is_key(GstBuffer* buffer) const;
  void take_tags(GstEvent* event);
  void begin_item(GstClockTime frame);
  void ask_for_key(GstClockTime time);
  void flush();

  LiveHlsRun& run_;
  GstPad* pad_;
  GstPad* next_;
  std::optional<HlsCut> cut_; ///< from the first frame on
  std::optional<bool> is_live_;
  bool has_failed_ = false; ///< to start, which was told
  GstSegment segment_{};
  HlsFormat format_;
  HlsDateRange item_;                        ///< on air
  GstClockTime start_ = GST_CLOCK_TIME_NONE; ///< of it, if that was told
  bool has_started_ = true;                  ///< whether a frame of it came
};

} // namespace aigc
