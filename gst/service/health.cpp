// SPDX-License-Identifier: LGPL-2.1-or-later
// See health.h.
#include "service/health.h"

#include <algorithm>
#include <random>

namespace aigc {

HealthKey health_key_of(const Backend& backend, const std::string& stage) {
  const Endpoint endpoint = backend.endpoint();
  return {backend.name(), endpoint.host, endpoint.account, stage};
}

/// A read that failed without a status failed on the way; inside an answer of success the service
/// says of itself that it is broken. One that worked on a task to its end is not down.
bool is_down(const Error& error) {
  if (error.ended) return false;
  if (error.fault == Fault::timeout || error.http_status >= 500) return true;
  return error.fault == Fault::read && (error.http_status < 300 || error.http_status == 429);
}

bool is_locked_out(const Error& error) {
  return !error.own_limit &&
         (error.fault == Fault::not_authorized || error.fault == Fault::no_funds);
}

Health& Health::shared() {
  static auto& health = *new Health; // never destroyed: a worker may outlive main()
  return health;
}

void Health::succeeded(const HealthKey& key) {
  {
    std::lock_guard guard(mutex_);
    states_.erase(key);
  }
  changed_.notify_all();
}

Health::Clock::duration Health::pause(unsigned pauses) const {
  const auto longest = std::min(pauses_.first * (2 << std::min(pauses, 10u)), pauses_.longest);
  if (longest <= pauses_.first) return longest;
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<Clock::rep> any(pauses_.first.count(), longest.count());
  return Clock::duration(any(random));
}

void Health::begin_pause(State& state) {
  const auto length = state.rest == Rest::at_once ? pauses_.longest : pause(state.pauses++);
  state.probe_due = now_() + length;
}

void Health::failed(const HealthKey& key, const Error& why, Rest rest) {
  std::lock_guard guard(mutex_);
  State& state = states_[key];
  if (state.rests) { // a probe's own, or of a call that was under way when it went to rest
    if (rest == Rest::at_once) state.rest = rest;
    return;
  }
  if (++state.failures < kFailures && rest == Rest::after_some) return;
  state.failures = 0;
  state.rests = true;
  state.rest = rest;
  state.why = why;
  begin_pause(state);
}

bool Health::rests(const HealthKey& key) const {
  std::lock_guard guard(mutex_);
  const auto found = states_.find(key);
  return found != states_.end() && found->second.rests;
}

std::optional<Error> Health::why(const HealthKey& key) const {
  std::lock_guard guard(mutex_);
  const auto found = states_.find(key);
  if (found == states_.end() || !found->second.rests) return std::nullopt;
  return found->second.why;
}

bool Health::begin_probe(const HealthKey& key) {
  std::lock_guard guard(mutex_);
  const auto found = states_.find(key);
  if (found == states_.end()) return false;
  State& state = found->second;
  if (!state.rests || state.is_probed || now_() < state.probe_due) return false;
  return state.is_probed = true;
}

void Health::end_probe(const HealthKey& key, Probed probed) {
  {
    std::lock_guard guard(mutex_);
    const auto found = states_.find(key);
    if (found == states_.end()) return; // it made something meanwhile
    State& state = found->second;
    state.is_probed = false;
    if (probed == Probed::down) begin_pause(state);
    if (probed == Probed::well) state.rests = false;
  }
  changed_.notify_all();
}

bool Health::wait(std::span<const HealthKey> keys, Cancel& cancel, Clock::time_point deadline) {
  Cancel::Hook wake(cancel, [this] {
    { std::lock_guard guard(mutex_); } // the waiter is before its look or in its wait
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  for (;;) {
    cancel.check();
    const auto now = now_();
    auto again = deadline;
    for (const HealthKey& key : keys) {
      const auto found = states_.find(key);
      if (found == states_.end() || !found->second.rests) return true;
      if (found->second.is_probed) continue;
      if (found->second.probe_due <= now) return true;
      again = std::min(again, found->second.probe_due);
    }
    if (now >= deadline) return false;
    constexpr Clock::duration kLook = std::chrono::hours(1); // what is added to a time must fit
    changed_.wait_for(lock, std::min(again - now, kLook));
  }
}

} // namespace aigc
