// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage has done so far, for its `stats` property.
#pragma once

#include "base/ref.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace aigc {

/// Counts over one run. Latencies are kept for the newest kWindow shots, so memory stays flat.
class Stats {
 public:
  static constexpr size_t kWindow = 1024;

  void begin();
  /// `requests`: calls sent for the shot, the first try included.
  void end(std::chrono::nanoseconds latency, unsigned requests, double cost, bool cache_hit,
           const std::string& currency = {});
  void fail(unsigned requests);
  /// The shot was given up because of a flush, EOS or state change; no failure.
  void cancel();

  /// `application/x-aigc-stats`: requests, retries, cache-hits, done, failed, in-flight (uint64),
  /// cost (double), currency (string), latency-min, latency-median, latency-p99 (uint64 ns, of the
  /// newest shots).
  Own<GstStructure> to_structure() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t requests_ = 0, retries_ = 0, cache_hits_ = 0, done_ = 0, failed_ = 0;
  std::uint64_t in_flight_ = 0;
  double cost_ = 0;
  std::string currency_;
  std::vector<std::uint64_t> latencies_;
  size_t next_ = 0;
};

} // namespace aigc
