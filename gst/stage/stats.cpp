// SPDX-License-Identifier: LGPL-2.1-or-later
// See stats.h.
#include "stage/stats.h"

#include <algorithm>
#include <numeric>

namespace aigc {

namespace {

template <typename T> T at_share(const std::vector<T>& sorted, double share) {
  if (sorted.empty()) return {};
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

} // namespace

void Stats::begin() {
  std::lock_guard guard(mutex_);
  ++in_flight_;
}

void Stats::remember(const Past& past) {
  past_.push_back(past);
  if (past_.size() > kRecent) past_.pop_front();
}

void Stats::end(const Finished& shot) {
  std::lock_guard guard(mutex_);
  --in_flight_;
  ++done_;
  requests_ += shot.requests;
  retries_ += shot.requests > 1 ? shot.requests - 1 : 0;
  cache_hits_ += shot.cache_hit;
  cost_ += shot.cost;
  if (!shot.currency.empty()) currency_ = shot.currency;
  const auto nanoseconds = static_cast<std::uint64_t>(shot.latency.count());
  if (latencies_.size() < kWindow)
    latencies_.push_back(nanoseconds);
  else
    latencies_[next_++ % kWindow] = nanoseconds;
  const double latency = std::chrono::duration<double>(shot.latency).count();
  remember({latency, shot.seconds, true, shot.is_asked && !shot.cache_hit, true});
}

void Stats::fail(unsigned requests, bool stands_in) {
  std::lock_guard guard(mutex_);
  --in_flight_;
  ++failed_;
  requests_ += requests;
  retries_ += requests > 1 ? requests - 1 : 0;
  remember({0, 0, false, false, stands_in});
}

void Stats::cancel() {
  std::lock_guard guard(mutex_);
  --in_flight_;
}

bool Stats::any_done() const {
  std::lock_guard guard(mutex_);
  return done_ > 0;
}

Stats::Recent Stats::recent() const {
  std::lock_guard guard(mutex_);
  Recent recent;
  if (past_.empty()) return recent;
  const auto is_paid = [](const Past& past) { return past.is_paid; };
  const bool some_paid = std::any_of(past_.begin(), past_.end(), is_paid);
  std::vector<double> latencies;
  double made = 0, succeeded = 0;
  for (const Past& past : past_) {
    succeeded += past.succeeded;
    if (!past.is_made) continue;
    ++made;
    recent.seconds += past.seconds;
    if (past.is_paid || !some_paid) latencies.push_back(past.latency);
  }
  recent.success = succeeded / static_cast<double>(past_.size());
  if (latencies.empty()) return recent;
  recent.seconds /= made;
  std::sort(latencies.begin(), latencies.end());
  recent.latency = std::accumulate(latencies.begin(), latencies.end(), 0.0) /
                   static_cast<double>(latencies.size());
  recent.latency_p99 = at_share(latencies, 0.99);
  return recent;
}

Own<GstStructure> Stats::to_structure() const {
  std::lock_guard guard(mutex_);
  auto sorted = latencies_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) -> guint64 { return at_share(sorted, share); };
  return Own<GstStructure>(gst_structure_new(
      "application/x-aigc-stats", "requests", G_TYPE_UINT64, requests_, "retries", G_TYPE_UINT64,
      retries_, "cache-hits", G_TYPE_UINT64, cache_hits_, "done", G_TYPE_UINT64, done_, "failed",
      G_TYPE_UINT64, failed_, "in-flight", G_TYPE_UINT64, in_flight_, "cost", G_TYPE_DOUBLE, cost_,
      "currency", G_TYPE_STRING, currency_.c_str(), "latency-min", G_TYPE_UINT64, at(0),
      "latency-median", G_TYPE_UINT64, at(0.5), "latency-p99", G_TYPE_UINT64, at(0.99), nullptr));
}

} // namespace aigc
