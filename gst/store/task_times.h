// SPDX-License-Identifier: LGPL-2.1-or-later
// How long tasks of a model take, learnt from those that were watched to their end.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace aigc {

/// Logarithms of seconds: their number (the old ones fade out), mean and variance.
struct TimeStats {
  double count = 0;
  double mean = 0;
  double variance = 0;
};

/// Remembered in the folder of a store, and shared by the process. Thread-safe.
class TaskTimes {
 public:
  static std::shared_ptr<TaskTimes> shared(const std::string& store_folder);

  explicit TaskTimes(const std::string& store_folder);

  TimeStats of(const std::string& service, const std::string& model) const;
  void add(const std::string& service, const std::string& model, double seconds);

 private:
  void load();
  std::string text() const;

  std::string path_;
  mutable std::mutex mutex_;
  std::map<std::string, TimeStats> stats_; ///< by "service model"
  unsigned added_ = 0;
};

} // namespace aigc
