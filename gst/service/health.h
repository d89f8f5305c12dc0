// SPDX-License-Identifier: LGPL-2.1-or-later
// Which services are down at the moment, so that nobody waits for them where another one can work.
#pragma once

#include "base/cancel.h"
#include "service/backend.h"

#include <chrono>
#include <compare>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>

namespace aigc {

/// A service as health is kept for it.
struct HealthKey {
  std::string service;
  std::string host;
  std::string account;
  auto operator<=>(const HealthKey&) const = default;
};
HealthKey health_key_of(const Backend& backend);

/// Whether a call failed because the service is down, not because of what was asked.
bool is_down(const Error& error);

/// A service that failed kFailures times within kWindow rests; each kProbeGap one caller may probe
/// it, and a probe that succeeds brings it back. Thread-safe; nothing is called under its lock but
/// the clock.
class Health {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kFailures = 5;
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kProbeGap{60};

  /// `now` tells the time; tests have one of their own.
  explicit Health(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}

  /// The process's own.
  static Health& shared();

  /// It made something: what it failed before is forgotten.
  void succeeded(const HealthKey& key);
  /// `why` is told to those who ask.
  void failed(const HealthKey& key, const std::string& why);
  bool rests(const HealthKey& key) const;
  /// Why it rests; empty when it does not.
  std::string why(const HealthKey& key) const;

  /// True for the one caller who is to probe it now, and then says what came of it, at once.
  bool begin_probe(const HealthKey& key);
  enum class Probed { well, down, unknown };
  void end_probe(const HealthKey& key, Probed probed);

  /// Waits until one of `keys` does not rest or is to be probed; false at `deadline`, by the clock
  /// of this. Throws Error{Fault::cancelled}.
  bool wait(std::span<const HealthKey> keys, Cancel& cancel, Clock::time_point deadline);
  Clock::time_point now() const { return now_(); }

 private:
  struct State {
    std::deque<Clock::time_point> failures;
    bool rests = false;
    bool is_probed = false;      ///< somebody is at it
    Clock::time_point probe_due; ///< of one that rests
    std::string why;
  };

  std::function<Clock::time_point()> now_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<HealthKey, State> states_; ///< of those that failed since they last made something
};

} // namespace aigc
