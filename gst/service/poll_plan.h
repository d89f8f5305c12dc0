// SPDX-License-Identifier: LGPL-2.1-or-later
// When to look at a task: few looks, and none long after it is done.
#pragma once

#include "store/task_times.h"

#include <vector>

namespace aigc {

/// Times are seconds since the submit. How long tasks take is taken to be log-normal, and known
/// from those that were seen. Looks are spent where they shorten the mean delay most: as densely as
/// the square root of the chance that the task ends just then. Short tasks are looked at more
/// often: they are those of servers nearby, and what waits for their place loses a larger share of
/// its time. The first few tasks of a model, of which nothing is known, are looked at whenever a
/// small share of their time has passed.
class PollPlan {
 public:
  static constexpr double kLooks = 12;      ///< at most, in the mean over all tasks
  static constexpr double kShortLooks = 40; ///< the same, of tasks of a second or less

  explicit PollPlan(const TimeStats& seen);

  /// The first look later than `time`.
  double next(double time) const;

 private:
  struct Row {
    double time;
    double sum;
  };
  double median() const;
  double looks_to_spend() const;
  void tabulate();
  double sum_at(double time) const;
  double time_of(double sum) const;
  double survival(double time) const;
  double hazard(double time) const;
  double shortest_gap() const;
  std::vector<double> looks(double density) const;
  double mean_looks(const std::vector<double>& times) const;

  double mean_; ///< of the logarithm
  double sigma_ = 0;
  bool is_known_; ///< else there is no table
  std::vector<Row> table_;
  std::vector<double> times_;
};

} // namespace aigc
