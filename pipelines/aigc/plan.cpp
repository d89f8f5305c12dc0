// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a job dry: its stages are told to ask nobody, and what stands behind the last is cut off.
#include "plan.h"

#include "base/error.h"
#include "cut.h"
#include "keyframes.h"
#include "quiet_report.h"

namespace aigc::runner {
namespace {

constexpr const char* kDryRun = "dry-run";

bool is_stage(GstElement* element) {
  return g_object_class_find_property(G_OBJECT_GET_CLASS(element), kDryRun);
}

std::string text_of(const GstStructure* told, const char* name) {
  const char* text = gst_structure_get_string(told, name);
  return text ? text : "";
}

double number_of(const GstStructure* told, const char* name) {
  double number = 0;
  gst_structure_get_double(told, name, &number);
  return number;
}

gint64 whole_of(const GstStructure* told, const char* name) {
  gint64 number = 0;
  gst_structure_get_int64(told, name, &number);
  return number;
}

unsigned count_of(const GstStructure* told, const char* name) {
  unsigned number = 0;
  gst_structure_get_uint(told, name, &number);
  return number;
}

PlannedCall read_call(const GstStructure* told) {
  PlannedCall call{.id = text_of(told, "id"),
                   .index = whole_of(told, "index"),
                   .stage = text_of(told, "stage"),
                   .service = text_of(told, "service"),
                   .model = text_of(told, "model"),
                   .key = text_of(told, "key"),
                   .chain = text_of(told, "chain"),
                   .currency = text_of(told, "currency"),
                   .input_tokens = whole_of(told, "input-tokens"),
                   .output_tokens = whole_of(told, "output-tokens"),
                   .pictures = whole_of(told, "pictures"),
                   .film_seconds = number_of(told, "film-seconds"),
                   .seconds = number_of(told, "seconds"),
                   .at_once = count_of(told, "at-once"),
                   .concurrent = count_of(told, "concurrent"),
                   .per_second = number_of(told, "per-second")};
  gboolean open = FALSE;
  gst_structure_get_boolean(told, "open", &open);
  call.open = open;
  if (gst_structure_has_field(told, "cost")) call.cost = number_of(told, "cost");
  return call;
}

void take(Plan& plan, const GstStructure* told) {
  gboolean hit = FALSE;
  if (gst_structure_has_name(told, "aigc/shot-planned"))
    plan.calls.push_back(read_call(told));
  else if (gst_structure_has_name(told, "aigc/shot-done") &&
           gst_structure_get_boolean(told, "cache-hit", &hit) && hit)
    ++plan.from_store;
}

/// There is no stage in the line.
struct NothingToAsk {};

void make_dry(GstElement* pipeline, PlanUntil until) {
  const auto ends =
      until == PlanUntil::keyframes ? find_painters(pipeline) : find_elements(pipeline, is_stage);
  if (ends.empty()) throw NothingToAsk();
  cut_behind(pipeline, ends, make_drain);
  for (const auto& stage : find_elements(pipeline, is_stage))
    g_object_set(stage.get(), kDryRun, TRUE, nullptr);
}

} // namespace

std::optional<Plan> plan_job(const JobFile& job, const Values& values, PlanUntil until,
                             Report& report, Interrupt* interrupt) {
  Plan plan;
  LaunchOptions options{.interrupt = interrupt};
  options.prepare = [until](GstElement* pipeline) { make_dry(pipeline, until); };
  options.hear = [&plan](const GstStructure* told) { take(plan, told); };
  QuietReport quiet(report);
  try {
    const Ending ending = launch(job.render(values), quiet, options);
    quiet.raise();
    if (ending != Ending::finished) return {};
  } catch (const NothingToAsk&) {
  }
  return plan;
}

} // namespace aigc::runner
