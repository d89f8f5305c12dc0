// SPDX-License-Identifier: LGPL-2.1-or-later
// When to look at a task: few looks, and none long after it is done.
#pragma once

#include "store/task_times.h"

#include <vector>

namespace aigc {

/// Times are seconds since the submit. The first tasks of a model are looked at often, at a steady
/// share of the time waited so far. From then on how long tasks take is taken to be log-normal, and
/// looks are spent where they shorten the mean delay most: as densely as the square root of the
/// chance that the task ends just then.
class PollPlan {
 public:
  static constexpr double kLooks =
      12; ///< at most, in the mean over the tasks of a model that is known

  /// @param typical median by the model's table; 0 = unknown
  PollPlan(double typical, const TimeStats& seen);

  /// The first look later than `time`.
  double next(double time) const;

 private:
  struct Row {
    double time;
    double sum;
  };
  void tabulate();
  double sum_at(double time) const;
  double time_of(double sum) const;
  double median() const;
  double survival(double time) const;
  double hazard(double time) const;
  double shortest_gap() const;
  std::vector<double> looks(double density) const;
  double mean_looks(const std::vector<double>& times) const;

  double first_gap_ = 0; ///< of a model that is not known yet, else 0
  double mean_ = 0;      ///< of the logarithm
  double sigma_ = 0;
  std::vector<Row> table_;
  std::vector<double> times_;
};

} // namespace aigc
