// SPDX-License-Identifier: LGPL-2.1-or-later
// The data flow of one stage: what comes in at the sink pad, goes through the pool, and leaves at
// the source pad in one segment.
#pragma once

#include "stage/framing.h"
#include "stage/kind.h"
#include "stage/live.h"
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

  /// READY->PAUSED. `sink` may be null: the prompt is then the only shot. Throws
  /// Error{Fault::settings}.
  void open(GstPad* sink);
  /// PAUSED->READY begins: as cancel(), and no flush brings the flow back.
  void shut();
  /// PAUSED->READY, after the pads are inactive: lets go of the run; the statistics stay.
  void close();
  bool is_open() const { return state_.snapshot().round != nullptr; }

  /// Whether what will be made can leave; to be asked before the pads are active. Elements start
  /// from the sink on, so the one that cannot go on says so before those in front begin. Throws
  /// Error{Fault::negotiation, settings}.
  void check_downstream();
  /// Ends every wait of every thread at once: a flush begins, or the source pad goes.
  void cancel();
  /// A flush ends: a fresh pool, caps and segment are sent anew.
  void flush_stop();

  GstFlowReturn chain(Ref<GstBuffer> buffer);
  void set_caps(GstCaps* caps);
  void set_segment(const GstSegment& segment);
  /// Queues a serialized event at its place between the shots.
  void queue_event(Ref<GstEvent> event);
  void end_of_stream();
  /// The sink goes: what is queued is finished, a chain() that waits is refused.
  void end_input();

  /// A user's EOS: begin nothing new, push what is done, then EOS. Never blocks.
  void finish();

  /// The shot is wanted no more. Never blocks.
  void drop(const std::string& id);
  /// So many seconds of air are wanted; returns what is of those in front. Never blocks.
  double demand(double seconds);
  /// Whether somebody asked for air, as happens in a channel only.
  bool is_live() const { return state_.snapshot().demand.has_value(); }
  /// What the stages in front say of themselves, with this one.
  SupplyFacts with_supply(SupplyFacts facts) const;

  /// One whole stream, stream-start to EOS; the task pauses afterwards.
  void loop();

  /// Those of `caps` that can be worked on, if anything can leave where downstream takes `allowed`;
  /// all while closed.
  Ref<GstCaps> what_is_taken(GstCaps* caps, GstCaps* allowed);

  /// Of this run, or the last one.
  Own<GstStructure> stats() const;
  GstClockTime position() const { return state_.snapshot().position; }

 private:
  /// What the workers of one pool share. One that outlives its pool keeps its own, so that it
  /// cannot end or miscount what came after.
  struct Round {
    std::shared_ptr<StageRun> run;
    std::shared_ptr<Stats> stats;
  };

  struct State {
    std::shared_ptr<const Round> round; ///< null while closed
    std::shared_ptr<Pool> pool;
    std::shared_ptr<Stats> stats = std::make_shared<Stats>();
    GstFlowReturn flow = GST_FLOW_OK; ///< what upstream is told
    bool failed = false;              ///< an ERROR was posted
    bool shut = false;
    GstClockTime position = 0;    ///< running time of what leaves next
    guint64 arrived = 0;          ///< shots so far
    std::optional<double> demand; ///< the newest, for the pool after a flush
    bool has_sink = false;
  };

  std::shared_ptr<Pool> pool() const { return state_.snapshot().pool; }
  std::shared_ptr<Pool> make_pool(std::shared_ptr<const Round> round);
  void begin_round(std::shared_ptr<StageRun> run, std::shared_ptr<Stats> stats, bool has_sink);
  GstFlowReturn take_in(std::vector<Job> jobs);
  void name_job(Job& job);
  void tell_never_airs(const std::string& id);

  Outcome work(const Round& round, Job job, Cancel& cancel);
  Outcome ask(const Round& round, const Job& job, Cancel& cancel, const std::string& code);
  Outcome apply_policy(const Round& round, const Job& job, const Error& error, Cancel& cancel);
  Outcome deliver(Product product, const Job& job);
  bool counts(const Round& round);
  bool is_dropped(const std::string& id) const;
  OnError policy(const Round& round, const Error& error) const;
  bool claim_failure(const Round& round);
  void fail(const Round& round, const Error& error);
  void stop_with(GstFlowReturn flow);

  void start_stream(const Round& round);
  bool open_stream(const Round& round, Pool& pool);
  Ref<GstCaps> negotiate(const Round& round, const Shot* first);
  bool leave(const Round& round, Outcome outcome);
  bool leave_product(const Round& round, Outcome outcome);
  void leave_gap(GstEvent* event);
  bool push_caps(GstCaps* caps);
  void push_segment();
  bool settle(const Round& round, GstFlowReturn flow);

  GstElement* element_;
  GstPad* src_;
  const StageKind& kind_;
  Framer framer_;          ///< only touched on the upstream thread
  Ref<GstCaps> sent_caps_; ///< only touched on the task
  bool segment_sent_ = false;
  bool buffer_sent_ = false;
  Guarded<State> state_;
};

} // namespace aigc
