// SPDX-License-Identifier: LGPL-2.1-or-later
// Submit rates and concurrency per model group, and the rate of task queries, all per account.
#pragma once

#include "json.h"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace standin {

struct Limit {
  int submits = 0;        // at most this many; 0: no limit
  double per_seconds = 1; // in a window of this length
  int concurrent = 0;     // 0: no limit
};

class Limits {
 public:
  // The limit of a group with the configuration's changes.
  static Limit of(const std::string& group, const Json& config);
  // Counts one submit of that group; false when there were too many.
  bool submit(const std::string& group, const Json& config);
  // Counts one query of tasks; false when there were too many in the last second.
  bool query(double per_second);
  void reset();

 private:
  struct Window {
    std::deque<double> times;
    bool take(int count, double seconds);
  };
  std::map<std::string, Window> submits_;
  Window queries_;
};

std::optional<std::string> check_limits(const Json& config);

} // namespace standin
