// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the count that both reports tell.
#include "report.h"

namespace aigc::runner {

StageTally& Report::stage(const std::string& name) {
  for (auto& tally : stages_)
    if (tally.stage == name) return tally;
  stages_.push_back({.stage = name, .begun = elapsed()});
  return stages_.back();
}

double Report::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

std::map<std::string, double> Report::cost() const {
  std::map<std::string, double> sum;
  for (const auto& tally : stages_)
    for (const auto& [currency, amount] : tally.cost)
      sum[currency] += amount;
  return sum;
}

int Report::cached() const {
  int sum = 0;
  for (const auto& tally : stages_)
    sum += tally.cached;
  return sum;
}

void Report::start(const std::string& job, const std::string& out) {
  begun_ = std::chrono::steady_clock::now();
  show_start(job, out);
}

void Report::step(const Step& step) {
  StageTally& tally = stage(step.stage);
  const auto key = std::pair(step.stage, step.id);
  const bool goes_on =
      step.type == GST_PROGRESS_TYPE_START || step.type == GST_PROGRESS_TYPE_CONTINUE;
  if (goes_on) {
    running_.insert(key);
  } else {
    running_.erase(key);
    (step.type == GST_PROGRESS_TYPE_COMPLETE ? tally.done : tally.failed) += 1;
  }
  tally.percent = goes_on ? step.percent : -1;
  tally.ended = elapsed();
  tally.running = 0;
  for (const auto& [name, id] : running_)
    tally.running += name == step.stage;
  show_step(step, tally);
}

void Report::element_message(const std::string& element, const GstStructure* structure) {
  if (gst_structure_has_name(structure, "aigc/shot-done")) {
    const char* name = gst_structure_get_string(structure, "stage");
    StageTally& tally = stage(name ? name : element);
    gboolean hit = FALSE;
    gst_structure_get_boolean(structure, "cache-hit", &hit);
    tally.cached += hit;
    double cost = 0;
    gst_structure_get_double(structure, "cost", &cost);
    const char* currency = gst_structure_get_string(structure, "currency");
    if (cost > 0) tally.cost[currency ? currency : ""] += cost;
  }
  if (gst_structure_has_name(structure, "aigc/shot-failed")) {
    gboolean is_left_out = FALSE;
    gst_structure_get_boolean(structure, "left-out", &is_left_out);
    guint count = 1;
    gst_structure_get_uint(structure, "count", &count);
    if (is_left_out) left_out_ += static_cast<int>(count);
  }
  show_element_message(element, structure);
}

void Report::warning(const Problem& problem) {
  if (warned_.insert(problem.message).second) show_warning(problem);
}

void Report::error(const Problem& problem) {
  if (!error_) error_ = problem;
  show_error(problem);
}

void Report::figures(const BrandFigures& figures) {
  figures_ = figures;
  show_figures(figures);
}

void Report::finish(const Made* made, bool interrupted) {
  show_finish(made, interrupted);
}

} // namespace aigc::runner
