// SPDX-License-Identifier: LGPL-2.1-or-later
// What streamfollow does with data, apart from its GObject: mains pass through a queue that runs
// ahead, followers are let out only as far as no main can have ended before.
#pragma once

#include "base/guarded.h"
#include "base/ref.h"

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include <gst/audio/audio.h>

namespace aigc {

class FollowCore;

/// One sink pad and its src pad. The core's lock guards what is marked so.
struct FollowStream {
  FollowCore* core = nullptr;
  GstPad* sink = nullptr;
  GstPad* src = nullptr;
  bool main = false; ///< locked

  // Locked.
  bool flushing = false;
  bool ended = false;        ///< a main: EOS is in the queue
  bool seeking = false;      ///< a follower: goes back to its start, flushes are our own
  GstClockTime position = 0; ///< a main: running time, the end of what has come in
  GstClockTime released = 0; ///< a main: running time, the start of what went out last
  GstFlowReturn flow = GST_FLOW_OK;
  struct Item { ///< one of the two
    Ref<GstBuffer> buffer;
    Ref<GstEvent> event;
    GstClockTime start = 0;
  };
  std::deque<Item> queue; ///< a main: what has come in and not gone out

  // Of the sink pad's streaming thread.
  GstSegment segment{};
  GstAudioInfo audio{};
  bool raw = false;
  std::atomic<bool> done = false; ///< EOS went out
  bool segment_sent = false;
  bool data_since_start = false;
  GstClockTime offset = 0;                       ///< running time the present round began at
  GstClockTime end = 0;                          ///< of what was pushed last
  GstClockTime last_start = GST_CLOCK_TIME_NONE; ///< a main: for buffers without duration
};

class FollowCore {
 public:
  explicit FollowCore(GstElement* element) : element_(element) {}

  /// @param sink the pad data comes in by, @param src the pad it goes out by
  std::shared_ptr<FollowStream> add(GstPad* sink, GstPad* src, bool main);
  void remove(const FollowStream* stream);

  GstFlowReturn chain(FollowStream& stream, Ref<GstBuffer> buffer);
  gboolean event(FollowStream& stream, Ref<GstEvent> event);

  void activate(FollowStream& stream);
  void deactivate(FollowStream& stream);
  /// A run begins, before the pads are activated.
  void start();
  /// Wakes everything for good, before the pads are deactivated.
  void stop();
  /// Lets go of what is left; only while nothing streams.
  void reset();

  void set_fade(GstClockTime fade) { state_.lock()->fade = fade; }
  void set_loop(bool loop) { state_.lock()->loop = loop; }
  void set_main(FollowStream& stream, bool main);
  bool is_main(FollowStream& stream);

 private:
  struct State {
    std::vector<std::shared_ptr<FollowStream>> streams;
    bool stopped = false;
    unsigned run = 0; ///< number of the run, so that a late job knows its own
    GstClockTime fade = 0;
    bool loop = false;
  };
  /// How far followers may go: until `time`, and no further ever when `final`.
  struct Limit {
    GstClockTime time = 0;
    bool final = false;
    GstClockTime fade = 0; ///< of a follower that can fade
  };

  /// A follower's way back to its start, on another thread.
  struct SeekJob {
    std::shared_ptr<FollowStream> stream;
    Ref<GstPad> sink;
    unsigned run = 0;
  };

  static Limit limit(const State& state, const FollowStream& follower);
  GstFlowReturn chain_main(FollowStream& stream, Ref<GstBuffer> buffer);
  GstFlowReturn chain_follower(FollowStream& stream, Ref<GstBuffer> buffer);
  bool wait_turn(FollowStream& stream, GstClockTime start, GstClockTime length, Limit& limit);
  GstFlowReturn let_out(FollowStream& stream, Ref<GstBuffer>& buffer, const Limit& limit,
                        GstClockTime& start, GstClockTime& length);
  GstFlowReturn push(FollowStream& stream, Ref<GstBuffer> buffer, GstClockTime start,
                     GstClockTime length);
  void end_follower(FollowStream& stream);
  gboolean event_main(FollowStream& stream, Ref<GstEvent> event);
  gboolean event_follower(FollowStream& stream, Ref<GstEvent> event);
  bool take_segment(FollowStream& stream, GstEvent* event);
  void take_caps(FollowStream& stream, GstEvent* event);
  void pass_gap(FollowStream& stream, GstEvent* event);
  bool may_start_over(FollowStream& stream);
  void start_over(FollowStream& stream);
  bool is_over(const SeekJob& job);
  void seek_to_start(const SeekJob& job);
  gboolean flush_start(FollowStream& stream, Ref<GstEvent> event);
  gboolean flush_stop(FollowStream& stream, Ref<GstEvent> event);
  static void run(gpointer stream);
  void turn(FollowStream& stream);
  void end_main(FollowStream& stream, GstFlowReturn flow);
  static void clear(FollowStream& stream);

  GstElement* const element_;
  Guarded<State> state_;
};

} // namespace aigc
