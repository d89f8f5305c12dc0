// SPDX-License-Identifier: LGPL-2.1-or-later
// How fast a service is asked: one limiter per host, account and model group in the process. A
// service that says it is asked too fast works on half as many calls at once from then on, and on
// one more after each round of successes, up to what the table allows.
#pragma once

#include "base/cancel.h"

#include <chrono>
#include <memory>
#include <string>

namespace aigc {

struct LimiterKey {
  std::string host;
  std::string account; ///< a digest, never the key
  std::string group;
  auto operator<=>(const LimiterKey&) const = default;
};

/// Thread-safe. First come, first served.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;

  /// At least this much passes between two steps back up.
  static constexpr std::chrono::seconds kGrowGap{3};

  /// `per_second` 0 = any rate, `concurrent` 0 = any number at once.
  Limiter(double per_second, unsigned concurrent, Clock::duration grow_gap = kGrowGap);

  /// The process's own for `key`; the limits of the first call stay.
  static std::shared_ptr<Limiter> shared(const LimiterKey& key, double per_second,
                                         unsigned concurrent);

  /// A place among those under way; given back on destruction.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(std::shared_ptr<Limiter> owner) : owner_(std::move(owner)) {}
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();

   private:
    std::shared_ptr<Limiter> owner_;
  };

  /// Waits for a place. Throws Error: cancelled, timeout past `deadline`.
  static Slot enter(const std::shared_ptr<Limiter>& limiter, Cancel& cancel,
                    Clock::time_point deadline);
  /// Waits until the next call may be sent. Throws as enter().
  void pace(Cancel& cancel, Clock::time_point deadline);
  /// The service asked to wait: nobody is let through before that.
  void hold_off(std::chrono::nanoseconds duration);
  /// How long nobody is let through yet.
  std::chrono::nanoseconds held_for() const;

  /// The service was asked too fast by a call sent at `sent`, whose place its caller still has. All
  /// refusals of calls that left before the last step down are of one burst, and count once.
  void slow_down(Clock::time_point sent);
  /// It took a call.
  void succeeded();
  /// Calls under way at once, as things are; 0 = any number.
  unsigned concurrent_now() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

} // namespace aigc
