// SPDX-License-Identifier: LGPL-2.1-or-later
// Which services are down at the moment, so that nobody waits for them where another one can work,
// and nobody hammers them where there is no other.
#pragma once

#include "base/cancel.h"
#include "service/backend.h"

#include <chrono>
#include <compare>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

namespace aigc {

/// A service as health is kept for it: its models of one role may be out while those of another
/// are not.
struct HealthKey {
  std::string service;
  std::string host;
  std::string account;
  std::string stage; ///< name of the role; empty where that is not told apart
  auto operator<=>(const HealthKey&) const = default;
};
HealthKey health_key_of(const Backend& backend, const std::string& stage = {});

/// Whether a call failed because the service is down, not because of what was asked.
bool is_down(const Error& error);
/// Whether the service wants no call of this account, be it for its key or its bills.
bool is_locked_out(const Error& error);

/// A service that failed kFailures times in a row rests. After each pause one caller may probe it,
/// and a probe that succeeds brings it back. Thread-safe; nothing is called under its lock but the
/// clock.
class Health {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kFailures = 5;

  /// A pause lasts `first` to twice that, then up to four times that and so on, until something is
  /// made again; never longer than `longest`.
  struct Pauses {
    Clock::duration first = std::chrono::seconds(5);
    Clock::duration longest = std::chrono::seconds(60);
  };

  /// `now` tells the time; tests have one of their own.
  explicit Health(std::function<Clock::time_point()> now = Clock::now) : Health(now, Pauses()) {}
  Health(std::function<Clock::time_point()> now, Pauses pauses)
      : now_(std::move(now)), pauses_(pauses) {}

  /// The process's own.
  static Health& shared();

  /// It made something: what it failed before is forgotten.
  void succeeded(const HealthKey& key);
  enum class Rest {
    after_some, ///< once it failed kFailures times
    at_once,    ///< for the longest pause each time: only a person can change it
  };
  /// `why` is told to those who ask.
  void failed(const HealthKey& key, const Error& why, Rest rest = Rest::after_some);
  bool rests(const HealthKey& key) const;
  /// Why it rests; none when it does not.
  std::optional<Error> why(const HealthKey& key) const;

  /// True for the one caller who is to probe it now, and then says what came of it.
  bool begin_probe(const HealthKey& key);
  enum class Probed { well, down, unknown };
  void end_probe(const HealthKey& key, Probed probed);

  /// Waits until one of `keys` does not rest or is to be probed; false at `deadline`, by the clock
  /// of this. Throws Error{Fault::cancelled}.
  bool wait(std::span<const HealthKey> keys, Cancel& cancel, Clock::time_point deadline);
  Clock::time_point now() const { return now_(); }
  /// The pause after `pauses` others.
  Clock::duration pause(unsigned pauses) const;

 private:
  struct State {
    unsigned failures = 0; ///< in a row
    bool rests = false;
    bool is_probed = false;      ///< somebody is at it
    unsigned pauses = 0;         ///< since it last made something
    Clock::time_point probe_due; ///< of one that rests
    Rest rest = Rest::after_some;
    std::optional<Error> why;
  };
  void begin_pause(State& state);

  std::function<Clock::time_point()> now_;
  const Pauses pauses_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<HealthKey, State> states_; ///< of those that failed since they last made something
};

} // namespace aigc
