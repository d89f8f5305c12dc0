// SPDX-License-Identifier: LGPL-2.1-or-later
// See health.h.
#include "service/health.h"

#include <algorithm>

namespace aigc {

HealthKey health_key_of(const Backend& backend) {
  const Endpoint endpoint = backend.endpoint();
  return {backend.name(), endpoint.host, endpoint.account};
}

/// A read that failed without a status failed on the way; inside an answer of success the service
/// says of itself that it is broken. One that worked on a task to its end is not down.
bool is_down(const Error& error) {
  if (error.ended) return false;
  if (error.fault == Fault::timeout || error.http_status >= 500) return true;
  return error.fault == Fault::read && (error.http_status < 300 || error.http_status == 429);
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

void Health::failed(const HealthKey& key, const std::string& why) {
  std::lock_guard guard(mutex_);
  State& state = states_[key];
  if (state.rests) return; // a call that was under way when it went to rest
  const auto now = now_();
  state.failures.push_back(now);
  while (now - state.failures.front() > kWindow)
    state.failures.pop_front();
  if (state.failures.size() < kFailures) return;
  state = {.rests = true, .probe_due = now + kProbeGap, .why = why};
}

bool Health::rests(const HealthKey& key) const {
  std::lock_guard guard(mutex_);
  const auto found = states_.find(key);
  return found != states_.end() && found->second.rests;
}

std::string Health::why(const HealthKey& key) const {
  std::lock_guard guard(mutex_);
  const auto found = states_.find(key);
  return found == states_.end() ? "" : found->second.why;
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
    found->second.is_probed = false;
    if (probed == Probed::down) found->second.probe_due = now_() + kProbeGap;
    if (probed == Probed::well) states_.erase(found);
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
    changed_.wait_for(lock, again - now);
  }
}

} // namespace aigc
