// SPDX-License-Identifier: LGPL-2.1-or-later
// One src pad of clipplayout: its task pushes what is on air at each slot of the grid, when the
// slot is due.
#pragma once

#include "clipplayout_clock.h"
#include "playout/picture_track.h"
#include "playout/sound_track.h"

#include <atomic>

namespace aigc {

/// The longest real time a slot waits for a picture that is not decoded yet.
inline constexpr GstClockTime kPatience = 200 * GST_MSECOND;
/// So many times as fast as it plays is made up for what was missed.
inline constexpr unsigned kCatchUp = 4;

class AirLane {
 public:
  AirLane(GstElement* element, Side side, AirClock& clock)
      : element_(element), side_(side), clock_(clock) {}

  /// The pad whose task this is; not owned.
  void set_pad(GstPad* pad) { pad_ = pad; }
  GstPad* pad() const { return pad_; }

  /// The desk the task works for; only while the task does not run.
  void set_desk(std::shared_ptr<Desk> desk, std::string slate_text, guint group_id);
  void start_task() { gst_pad_start_task(pad_, &AirLane::run, this, nullptr); }
  /// Lets go of clips; only while the task does not run.
  void drop_clips();

  /// The end of what was pushed last.
  GstClockTime position() const { return position_; }
  /// How much of what was due by now is still to come.
  GstClockTime behind() const;

 private:
  static void run(gpointer self) { static_cast<AirLane*>(self)->turn(); }
  void turn();
  GstFlowReturn step();
  void begin();
  void push_stream_start();
  void push_segment();
  bool any_stride(GstCaps* caps);
  GstFlowReturn play(GstClockTime lateness);
  void announce(const Span& span);
  GstFlowReturn push(Ref<GstBuffer> buffer, const Span* span);
  GstFlowReturn go_on_after(GstFlowReturn flow);
  void end(GstFlowReturn flow);

  GstElement* const element_;
  const Side side_;
  AirClock& clock_;
  GstPad* pad_ = nullptr;
  std::shared_ptr<Desk> desk_;
  std::string slate_text_;
  guint group_id_ = 0;
  std::atomic<GstClockTime> position_ = 0;
  std::atomic<bool> begun_ = false;

  // The task's own.
  guint64 number_ = 0; ///< slot
  guint key_units_ = 0;
  bool was_flushed_ = false;
  bool was_unlinked_ = false; ///< and that was said
  std::optional<PictureTrack> pictures_;
  std::optional<SoundTrack> sounds_;
};

} // namespace aigc
