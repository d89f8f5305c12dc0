// SPDX-License-Identifier: LGPL-2.1-or-later
// One src pad of clipjoin: its task takes parts from the session and pushes them on the grid.
#pragma once

#include "clipjoin_session.h"
#include "media/clip_frames.h"
#include "media/clip_sound.h"

#include <atomic>

namespace aigc {

class JoinLane {
 public:
  JoinLane(GstElement* element, Media media) : element_(element), media_(media) {}

  /// The pad whose task this is; not owned.
  void set_pad(GstPad* pad) { pad_ = pad; }
  GstPad* pad() const { return pad_; }

  /// The session the task works for; only while the task does not run.
  void set_session(std::shared_ptr<JoinSession> session, guint group_id);
  /// Wakes the task for good, before the pad is deactivated.
  void leave();

  void start_task() { gst_pad_start_task(pad_, &JoinLane::run, this, nullptr); }

  /// The end of what was pushed last.
  GstClockTime position() const { return position_; }

 private:
  static void run(gpointer self) { static_cast<JoinLane*>(self)->turn(); }
  void turn();
  GstFlowReturn step(JoinSession& session);
  bool begin(JoinSession& session);
  void push_stream_start();
  bool any_stride(GstCaps* caps);
  bool take(JoinSession& session);
  GstFlowReturn push_frame(Ref<GstBuffer> buffer);
  GstFlowReturn push_sound(Ref<GstBuffer> buffer);
  void put_back(JoinSession& session);
  void warn(const std::optional<Error>& damage);
  void end(JoinSession& session, GstFlowReturn flow);

  GstElement* const element_;
  const Media media_;
  GstPad* pad_ = nullptr;
  Guarded<std::shared_ptr<JoinSession>> session_;
  guint group_id_ = 0;
  std::atomic<GstClockTime> position_ = 0;

  // The task's own.
  bool begun_ = false;
  bool first_ = true;
  bool warned_ = false;
  Grid grid_;
  GstAudioInfo audio_{};
  std::shared_ptr<const JoinPlan> plan_;
  std::optional<ClipFrames> frames_;
  std::optional<ClipSound> sound_;
  guint64 number_ = 0; ///< next frame or sample, on the whole output's grid
};

} // namespace aigc
