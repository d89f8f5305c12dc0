// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipplayout_clock.h.
#include "clipplayout_clock.h"

namespace aigc {

void AirClock::wake(State& state) {
  for (GstClockID wait : state.waits)
    if (wait) gst_clock_id_unschedule(wait);
}

void AirClock::play(Ref<GstClock> clock, GstClockTime base_time) {
  {
    auto state = state_.lock();
    state->clock = std::move(clock);
    state->base_time = base_time;
    state->playing = true;
  }
  state_.notify();
}

void AirClock::pause() {
  auto state = state_.lock();
  state->playing = false;
  wake(*state);
}

void AirClock::hurry() {
  {
    auto state = state_.lock();
    state->hurried = true;
    wake(*state);
  }
  state_.notify();
}

void AirClock::stop() {
  {
    auto state = state_.lock();
    state->stopped = true;
    wake(*state);
  }
  state_.notify();
}

void AirClock::reset() {
  *state_.lock() = {};
}

std::optional<GstClockTime> AirClock::running_time() const {
  const State state = state_.snapshot();
  if (!state.playing || !state.clock) return std::nullopt;
  const GstClockTime now = gst_clock_get_time(state.clock.get());
  return now > state.base_time ? now - state.base_time : 0;
}

bool AirClock::wait_playing() {
  auto state = state_.lock();
  state.wait(moves);
  return !state->stopped;
}

std::optional<GstClockTime> AirClock::wait(Side side, GstClockTime running_time) {
  const auto place = static_cast<size_t>(side);
  for (;;) {
    GstClockID id;
    {
      auto state = state_.lock();
      state.wait(moves);
      if (state->stopped) return std::nullopt;
      if (state->hurried) return 0;
      id = gst_clock_new_single_shot_id(state->clock.get(), state->base_time + running_time);
      state->waits[place] = id;
    }
    GstClockTimeDiff jitter = 0;
    const GstClockReturn waited = gst_clock_id_wait(id, &jitter);
    state_.lock()->waits[place] = nullptr;
    gst_clock_id_unref(id);
    if (waited != GST_CLOCK_UNSCHEDULED)
      return static_cast<GstClockTime>(std::max<gint64>(jitter, 0));
  }
}

void AirClock::rest(std::chrono::nanoseconds time) {
  state_.lock().wait_for(time, [](const State& s) { return s.stopped || s.hurried; });
}

} // namespace aigc
