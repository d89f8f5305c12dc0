// SPDX-License-Identifier: LGPL-2.1-or-later
// The data flow of one stage: what comes in at the sink pad, goes through the pool, and leaves at
// the source pad in one segment.
#pragma once

#include "stage/framing.h"
#include "stage/kind.h"
#include "stage/pool.h"
#include "stage/stats.h"

#include <memory>

#include <gst/gst.h>

namespace aigc {

/// Sink methods run on the upstream thread, loop() on the source pad's task. No lock is held while
/// anything is pushed, queried or posted.
class StageFlow : public std::enable_shared_from_this<StageFlow> {
 public:
  StageFlow(GstElement* element, GstPad* src, const StageKind& kind);

  /// READY->PAUSED. Without a sink the prompt is the only shot. Throws Error{Fault::settings}.
  void open(bool has_sink);
  /// Ends every wait of every thread at once.
  void cancel();
  /// PAUSED->READY, after the pads are inactive: lets go of the run.
  void close();

  /// A flush begins: as cancel(). It ends: a fresh pool, the stream starts anew.
  void flush_stop();

  GstFlowReturn chain(Ref<GstBuffer> buffer);
  void set_caps(GstCaps* caps);
  void set_segment(const GstSegment& segment);
  /// Queues a serialized event at its place between the shots.
  void queue_event(Ref<GstEvent> event);
  void end_of_stream();

  /// A user's EOS: begin nothing new, push what is done, then EOS. Never blocks.
  void finish();

  /// One whole stream, stream-start to EOS; the task pauses afterwards.
  void loop();

  /// Whether `allowed` (what downstream takes) leaves the stage something it can produce.
  bool can_produce(GstCaps* allowed);

  const Stats& stats() const { return stats_; }
  GstClockTime position() const { return state_.snapshot().position; }

 private:
  struct State {
    std::shared_ptr<StageRun> run;
    std::shared_ptr<Pool> pool;
    GstFlowReturn flow = GST_FLOW_OK; ///< what upstream is told
    GstClockTime position = 0;        ///< running time of what leaves next
    guint64 arrived = 0;              ///< shots so far
    bool has_sink = false;
  };

  std::shared_ptr<Pool> pool() const { return state_.snapshot().pool; }
  std::shared_ptr<Pool> make_pool(std::shared_ptr<StageRun> run);
  void forget_stream();
  void start_source(const std::shared_ptr<Pool>& pool);
  GstFlowReturn take_in(std::vector<Job> jobs);
  void name_job(Job& job);

  Outcome work(StageRun& run, Job job, Cancel& cancel);
  Outcome apply_policy(StageRun& run, Job job, const Error& error, Cancel& cancel);
  Outcome deliver(Product product, const Job& job);
  void fail(const Error& error);
  void stop_with(GstFlowReturn flow);

  bool open_stream(Pool& pool);
  Ref<GstCaps> negotiate(const Shot* first);
  bool leave(Outcome outcome);
  bool leave_product(Outcome outcome);
  bool push_caps(GstCaps* caps);
  void push_segment();
  bool settle(GstFlowReturn flow);

  GstElement* element_;
  GstPad* src_;
  const StageKind& kind_;
  Framer framer_;          ///< only touched on the upstream thread
  Ref<GstCaps> sent_caps_; ///< only touched on the task
  bool segment_sent_ = false;
  bool buffer_sent_ = false;
  Guarded<State> state_;
  Stats stats_;
};

} // namespace aigc
