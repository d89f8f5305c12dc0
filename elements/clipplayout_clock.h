// SPDX-License-Identifier: LGPL-2.1-or-later
// Waiting for a slot's time on the pipeline's clock, in a way that a pause, the end and a state
// change break.
#pragma once

#include "base/guarded.h"
#include "playout/open_clip.h"

#include <array>
#include <chrono>
#include <optional>

namespace aigc {

class AirClock {
 public:
  /// Nobody waits for anything before this, nor after pause().
  void play(Ref<GstClock> clock, GstClockTime base_time);
  void pause();
  /// No more waiting: what is left is played at once.
  void hurry();
  /// Wakes everyone for good.
  void stop();
  /// Forgets that it was stopped or hurried.
  void reset();

  bool is_stopped() const { return state_.snapshot().stopped; }
  /// Of now; none while it is not on air.
  std::optional<GstClockTime> running_time() const;

  /// Waits until the channel is to be on air; false when stopped.
  bool wait_playing();
  /// Waits for the running time; how late it is by then. None when stopped.
  std::optional<GstClockTime> wait(Side side, GstClockTime running_time);
  /// Lets real time pass, less when it is stopped or hurried.
  void rest(std::chrono::nanoseconds time);

 private:
  struct State {
    Ref<GstClock> clock;
    GstClockTime base_time = 0;
    bool playing = false;
    bool hurried = false;
    bool stopped = false;
    std::array<GstClockID, 2> waits{}; ///< by Side
  };
  static void wake(State& state);
  static bool moves(const State& s) { return s.playing || s.hurried || s.stopped; }

  Guarded<State> state_;
};

} // namespace aigc
