// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run would ask for, cost and take.
#pragma once

#include "run_job.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace aigc::runner {

/// A call that would be made, from a message aigc/shot-planned.
struct PlannedCall {
  std::string stage; ///< "prompt", "image" or "video"
  std::string id;    ///< of the shot
  gint64 index = 0;  ///< its place in the list, from 0
  size_t row = 0;    ///< of a batch, from 0
  std::string service, model;
  std::string chain;          ///< the clips of one wait for each other
  std::optional<double> cost; ///< the most, in `currency`; none where nobody knows the price
  std::string currency;
  double seconds = 0;
  unsigned at_once = 1;    ///< shots that the stage works on at once
  unsigned concurrent = 0; ///< calls of the model at once, for the account; 0 = no limit
  double per_second = 0;   ///< orders of the model, for the account; 0 = no limit
  bool is_open = false;    ///< ordered by a run before this one
};

struct Plan {
  std::vector<PlannedCall> calls;
  std::map<std::string, int> stored; ///< results that are in the store, by stage
  size_t rows = 1;

  /// The plan of more rows of the same batch.
  void add(const Plan& more);
  /// By currency; of one stage, or of all.
  std::map<std::string, double> cost(const std::string& stage = {}) const;
  /// Calls whose price nobody knows.
  int unpriced(const std::string& stage = {}) const;
  int count(const std::string& stage) const;
};

/// Seconds from start to end, or of one stage's own part, where `jobs` rows are worked on at once:
/// calls take what they took before, start in the order of the list as soon as their stage and
/// their account allow, and a shot leaves a stage after those in front of it.
double seconds_of(const Plan& plan, unsigned jobs = 1, const std::string& stage = {});

/// A table for people, a line a stage.
std::string plan_text(const Plan& plan, unsigned jobs = 1);
/// One JSON object: stages, cost, seconds.
std::string plan_json(const Plan& plan, unsigned jobs = 1);

/// Runs completed values with nothing asked, spent or written, and no output file touched. Nothing
/// when the run failed, which `report` was told. Throws Error.
std::optional<Plan> plan_row(const JobFile& job, const Values& values, Report& report,
                             LaunchOptions options = {});

} // namespace aigc::runner
