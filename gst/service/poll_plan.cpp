// SPDX-License-Identifier: LGPL-2.1-or-later
// See poll_plan.h.
#include "service/poll_plan.h"

#include <algorithm>
#include <cmath>

namespace aigc {

namespace {

constexpr double kTasksToTrust = 3; ///< seen before the times of a model count as known
constexpr double kSigma = 0.5;      ///< the first guess
constexpr double kSigmaWeight = 4;  ///< tasks that the first guess is worth
constexpr double kSmallestSigma = 0.2, kLargestSigma = 1.5;
constexpr double kShareOfTime = 0.03, kFirstGap = 0.06; ///< while the times are not known
constexpr double kLongestGap = 15, kShortestGap = 0.5, kShortestEver = 0.01;
constexpr double kShortestShare = 0.01;  ///< of the median, as a gap
constexpr double kShort = 1, kLong = 10; ///< seconds that tasks with many and with few looks take
constexpr double kSpare = 0.3;           ///< of the looks: what was learnt is never exact
constexpr double kNobodyLeft = 1e-3;     ///< share of the tasks after which the gap stays
constexpr int kMostLooks = 400, kHalvings = 24;
constexpr double kEarliest = -5, kLatest = 3.5; ///< of the table, in sigmas
constexpr int kTableSteps = 200;

} // namespace

PollPlan::PollPlan(const TimeStats& seen)
    : mean_(seen.mean), is_known_(seen.count >= kTasksToTrust) {
  if (!is_known_) return;
  const double guessed = kSigma * kSigma * kSigmaWeight;
  sigma_ =
      std::clamp(std::sqrt((guessed + seen.count * seen.variance) / (kSigmaWeight + seen.count)),
                 kSmallestSigma, kLargestSigma);
  tabulate();
  double low = 1e-2, high = 1e3; // looks per unit of the root of the hazard
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = std::sqrt(low * high);
    (mean_looks(looks(middle)) > looks_to_spend() ? high : low) = middle;
  }
  times_ = looks(low);
}

/// The root of the hazard, summed up over time.
void PollPlan::tabulate() {
  double before = 0, sum = 0;
  for (int i = 0; i <= kTableSteps; ++i) {
    const double z = kEarliest + (kLatest - kEarliest) * i / kTableSteps;
    const double time = std::exp(mean_ + sigma_ * z);
    sum += std::sqrt(hazard((before + time) / 2)) * (time - before);
    before = time;
    table_.push_back({time, sum});
  }
}

double PollPlan::sum_at(double time) const {
  const auto at = std::upper_bound(table_.begin(), table_.end(), time,
                                   [](double t, const Row& row) { return t < row.time; });
  if (at == table_.begin()) return 0;
  const Row& before = *std::prev(at);
  if (at == table_.end()) return before.sum + std::sqrt(hazard(time)) * (time - before.time);
  return std::lerp(before.sum, at->sum, (time - before.time) / (at->time - before.time));
}

double PollPlan::time_of(double sum) const {
  const auto at = std::upper_bound(table_.begin(), table_.end(), sum,
                                   [](double s, const Row& row) { return s < row.sum; });
  if (at == table_.end()) return table_.back().time + kLongestGap;
  if (at == table_.begin()) return at->time;
  const Row& before = *std::prev(at);
  return std::lerp(before.time, at->time, (sum - before.sum) / (at->sum - before.sum));
}

double PollPlan::median() const {
  return std::exp(mean_);
}

double PollPlan::survival(double time) const {
  return time <= 0 ? 1 : 0.5 * std::erfc((std::log(time) - mean_) / sigma_ * M_SQRT1_2);
}

double PollPlan::hazard(double time) const {
  if (time <= 0) return 0;
  const double z = (std::log(time) - mean_) / sigma_;
  if (z > 6) return z / (sigma_ * time); // the limit; both parts vanish there
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI) / (sigma_ * time);
  return density / survival(time);
}

double PollPlan::shortest_gap() const {
  return std::clamp(median() * kShortestShare, kShortestEver, kShortestGap);
}

double PollPlan::looks_to_spend() const {
  const double shortness = std::log(kLong / median()) / std::log(kLong / kShort);
  return std::lerp(kLooks, kShortLooks, std::clamp(shortness, 0.0, 1.0)) - kSpare;
}

/// Each look comes when the density has summed up to one since the last.
std::vector<double> PollPlan::looks(double density) const {
  std::vector<double> times;
  double last = 0;
  while (times.size() < kMostLooks && survival(last) > kNobodyLeft) {
    const double gap = time_of(sum_at(last) + 1 / density) - last;
    last += std::clamp(gap, shortest_gap(), kLongestGap);
    times.push_back(last);
  }
  return times;
}

/// A look is made when the task was not done at the one before.
double PollPlan::mean_looks(const std::vector<double>& times) const {
  double mean = 0, before = 0;
  for (const double time : times) {
    mean += survival(before);
    before = time;
  }
  return mean;
}

double PollPlan::next(double time) const {
  if (!is_known_) return time + std::clamp(kShareOfTime * time, kFirstGap, kLongestGap);
  const auto at = std::upper_bound(times_.begin(), times_.end(), time);
  if (at != times_.end()) return *at;
  const size_t count = times_.size();
  const double gap = times_[count - 1] - (count > 1 ? times_[count - 2] : 0);
  return time + std::clamp(std::max(gap, 0.1 * time), shortest_gap(), kLongestGap);
}

} // namespace aigc
