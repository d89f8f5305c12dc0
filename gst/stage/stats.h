// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage has done so far, for its `stats` property.
#pragma once

#include "base/ref.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace aigc {

/// Counts over one run. Latencies are kept for the newest kWindow shots, so memory stays flat.
class Stats {
 public:
  static constexpr size_t kWindow = 1024;

  void begin();
  /// A shot that something came of.
  struct Finished {
    std::chrono::nanoseconds latency{0};
    unsigned requests = 0; ///< calls sent for it, the first try included
    double cost = 0;
    std::string currency;
    bool cache_hit = false;
    bool is_asked = true; ///< a service, or its results of before
    double seconds = 0;   ///< of air
  };
  void end(const Finished& shot);
  /// Whether something `stands_in` for the shot.
  void fail(unsigned requests, bool stands_in = false);
  /// The shot was given up because of a flush, EOS or state change; no failure.
  void cancel();

  /// `application/x-aigc-stats`: requests, retries, cache-hits, done, failed, in-flight (uint64),
  /// cost (double), currency (string), latency-min, latency-median, latency-p99 (uint64 ns, of the
  /// newest shots).
  Own<GstStructure> to_structure() const;

  /// Of the newest kRecent shots; zero what is not known yet. Latencies are of those that a service
  /// worked for, unless there are none.
  struct Recent {
    double seconds = 0; ///< mean of air a shot
    double success = 1; ///< share of the shots that something came of
    double latency = 0; ///< mean, in seconds
    double latency_p99 = 0;
  };
  static constexpr size_t kRecent = 50;
  Recent recent() const;
  /// Whether something came of a shot.
  bool any_done() const;

 private:
  struct Past {
    double latency = 0, seconds = 0;
    bool is_made = false; ///< not failed
    bool is_paid = false; ///< a service worked for it
    bool succeeded = false;
  };
  void remember(const Past& past);

  mutable std::mutex mutex_;
  std::uint64_t requests_ = 0, retries_ = 0, cache_hits_ = 0, done_ = 0, failed_ = 0;
  std::uint64_t in_flight_ = 0;
  double cost_ = 0;
  std::string currency_;
  std::vector<std::uint64_t> latencies_;
  size_t next_ = 0;
  std::deque<Past> past_; ///< the newest last
};

} // namespace aigc
