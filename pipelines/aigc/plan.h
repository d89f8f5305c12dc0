// SPDX-License-Identifier: LGPL-2.1-or-later
// A dry run: what a job would call, without calling anybody.
#pragma once

#include "base/json.h"
#include "job_file.h"
#include "launcher.h"

#include <map>

namespace aigc::runner {

/// One call of a service, as the message aigc/shot-planned tells it.
struct PlannedCall {
  std::string id; ///< of the shot
  gint64 index = 0;
  std::string stage, service, model;
  std::string key; ///< of the request
  std::string chain;
  bool open = false; ///< ordered before, by a run that did not end well
  std::optional<double> cost;
  std::string currency;
  gint64 input_tokens = 0, output_tokens = 0, pictures = 0;
  double film_seconds = 0;
  double seconds = 0; ///< it is expected to take
  unsigned at_once = 1, concurrent = 0;
  double per_second = 0;
};

/// Of one file.
struct Plan {
  std::vector<PlannedCall> calls;
  int from_store = 0;
};

enum class PlanUntil { end, keyframes };

/// Nothing when it was interrupted. Throws Error, also when the job is refused.
std::optional<Plan> plan_job(const JobFile& job, const Values& values, PlanUntil until,
                             Report& report, Interrupt* interrupt);

/// The calls of one stage to one model.
struct PlanLine {
  std::string stage, service, model;
  int calls = 0, open = 0, unpriced = 0;
  gint64 input_tokens = 0, output_tokens = 0, pictures = 0;
  double film_seconds = 0;
  std::map<std::string, double> cost; ///< by currency
};

struct PlanSum {
  std::vector<PlanLine> lines;
  size_t files = 0;
  size_t skipped = 0; ///< files that need not be made
  int from_store = 0;
  double seconds = 0; ///< until all services are done

  int calls() const;
  int unpriced() const;
  std::map<std::string, double> cost() const;
};

/// Calls for the same result count once. `jobs` files are made at once.
PlanSum sum_plans(const std::vector<Plan>& plans, size_t jobs);

/// Throws Error{Fault::no_funds} when it could cost more than the value max-cost, or else the
/// environment, allows.
void check_max_cost(const PlanSum& sum, const Values& values);

std::string plan_text(const PlanSum& sum);
/// Adds its members to `json`.
JsonObjectMaker plan_json(const PlanSum& sum, JsonObjectMaker json = {});

} // namespace aigc::runner
