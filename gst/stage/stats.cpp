// SPDX-License-Identifier: LGPL-2.1-or-later
// See stats.h.
#include "stage/stats.h"

#include <algorithm>

namespace aigc {

void Stats::begin() {
  std::lock_guard guard(mutex_);
  ++in_flight_;
}

void Stats::end(std::chrono::nanoseconds latency, unsigned requests, double cost, bool cache_hit,
                const std::string& currency) {
  std::lock_guard guard(mutex_);
  --in_flight_;
  ++done_;
  requests_ += requests;
  retries_ += requests > 1 ? requests - 1 : 0;
  cache_hits_ += cache_hit;
  cost_ += cost;
  if (!currency.empty()) currency_ = currency;
  const auto nanoseconds = static_cast<std::uint64_t>(latency.count());
  if (latencies_.size() < kWindow)
    latencies_.push_back(nanoseconds);
  else
    latencies_[next_++ % kWindow] = nanoseconds;
}

void Stats::fail(unsigned requests) {
  std::lock_guard guard(mutex_);
  --in_flight_;
  ++failed_;
  requests_ += requests;
  retries_ += requests > 1 ? requests - 1 : 0;
}

void Stats::cancel() {
  std::lock_guard guard(mutex_);
  --in_flight_;
}

Own<GstStructure> Stats::to_structure() const {
  std::lock_guard guard(mutex_);
  auto sorted = latencies_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) -> guint64 {
    if (sorted.empty()) return 0;
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
  };
  return Own<GstStructure>(gst_structure_new(
      "application/x-aigc-stats", "requests", G_TYPE_UINT64, requests_, "retries", G_TYPE_UINT64,
      retries_, "cache-hits", G_TYPE_UINT64, cache_hits_, "done", G_TYPE_UINT64, done_, "failed",
      G_TYPE_UINT64, failed_, "in-flight", G_TYPE_UINT64, in_flight_, "cost", G_TYPE_DOUBLE, cost_,
      "currency", G_TYPE_STRING, currency_.c_str(), "latency-min", G_TYPE_UINT64, at(0),
      "latency-median", G_TYPE_UINT64, at(0.5), "latency-p99", G_TYPE_UINT64, at(0.99), nullptr));
}

} // namespace aigc
