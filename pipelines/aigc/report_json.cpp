// SPDX-License-Identifier: LGPL-2.1-or-later
// The report for programs: one JSON object a line, each with "event" and "time" in seconds.
#include "base/json.h"
#include "base/ref.h"
#include "plan.h"
#include "report.h"

#include <cmath>
#include <cstdio>

namespace aigc::runner {
namespace {

double milliseconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

/// A JSON object under construction.
class Line {
 public:
  Line& text(const char* name, const std::string& value) {
    json_object_set_string_member(object_.get(), name, value.c_str());
    return *this;
  }
  Line& number(const char* name, double value) {
    json_object_set_double_member(object_.get(), name, value);
    return *this;
  }
  Line& whole(const char* name, gint64 value) {
    json_object_set_int_member(object_.get(), name, value);
    return *this;
  }
  Line& flag(const char* name, bool value) {
    json_object_set_boolean_member(object_.get(), name, value);
    return *this;
  }
  Line& numbers(const char* name, const std::map<std::string, double>& values) {
    Line object;
    for (const auto& [member, value] : values)
      object.number(member.c_str(), value);
    json_object_set_object_member(object_.get(), name, object.object_.leak());
    return *this;
  }
  Line& lines(const char* name, const std::vector<Line>& rows) {
    JsonArray* array = json_array_new();
    for (const auto& row : rows)
      json_array_add_object_element(array, Ref(row.object_).leak());
    json_object_set_array_member(object_.get(), name, array);
    return *this;
  }
  /// Any field of a structure; a type JSON has no word for is written as GStreamer prints it.
  Line& value(const char* name, const GValue* value) {
    if (G_VALUE_HOLDS_STRING(value)) {
      const char* string = g_value_get_string(value);
      return text(name, string ? string : "");
    }
    if (G_VALUE_HOLDS_BOOLEAN(value)) return flag(name, g_value_get_boolean(value));
    GValue wide = G_VALUE_INIT;
    const bool floating = G_VALUE_HOLDS_DOUBLE(value) || G_VALUE_HOLDS_FLOAT(value);
    g_value_init(&wide, floating ? G_TYPE_DOUBLE : G_TYPE_INT64);
    if (!g_value_transform(value, &wide))
      text(name, take_string(gst_value_serialize(value)));
    else if (floating)
      number(name, g_value_get_double(&wide));
    else
      whole(name, g_value_get_int64(&wide));
    g_value_unset(&wide);
    return *this;
  }

  void print() const {
    const Ref<JsonNode> node = adopt(json_node_new(JSON_NODE_OBJECT));
    json_node_set_object(node.get(), object_.get());
    std::puts(json_text(node.get()).c_str());
    std::fflush(stdout);
  }

 private:
  Ref<JsonObject> object_ = adopt(json_object_new());
};

const char* state(GstProgressType type) {
  switch (type) {
  case GST_PROGRESS_TYPE_START:
    return "start";
  case GST_PROGRESS_TYPE_CONTINUE:
    return "continue";
  case GST_PROGRESS_TYPE_COMPLETE:
    return "complete";
  case GST_PROGRESS_TYPE_CANCELED:
    return "canceled";
  case GST_PROGRESS_TYPE_ERROR:
    return "error";
  }
  return "";
}

class JsonReport final : public Report {
 public:
  explicit JsonReport(std::optional<size_t> row) : row_(row) {}

 private:
  Line line(const char* event) const {
    Line line;
    line.text("event", event).number("time", milliseconds(elapsed()));
    if (row_) line.whole("row", static_cast<gint64>(*row_));
    return line;
  }

  Line problem_line(const char* event, const Problem& problem) const {
    Line line = this->line(event);
    if (!problem.element.empty()) line.text("element", problem.element);
    line.text("message", problem.message);
    if (!problem.remedy.empty()) line.text("remedy", problem.remedy);
    return line;
  }

  void show_start(const std::string& job, const std::string& out) override {
    line("start").text("job", job).text("out", out).print();
  }

  void show_step(const Step& step, const StageTally&) override {
    Line line = this->line("progress");
    line.text("stage", step.stage).text("id", step.id).text("state", state(step.type));
    if (step.percent >= 0) line.whole("percent", step.percent);
    if (!step.text.empty()) line.text("text", step.text);
    line.print();
  }

  void show_element_message(const std::string& element, const GstStructure* structure) override {
    Line line = this->line(gst_structure_get_name(structure) + sizeof "aigc/" - 1);
    line.text("element", element);
    for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
      const char* name = gst_structure_nth_field_name(structure, i);
      line.value(name, gst_structure_get_value(structure, name));
    }
    line.print();
  }

  void show_warning(const Problem& problem) override { problem_line("warning", problem).print(); }
  void show_plan(const PlanSum& sum) override {
    JsonObjectMaker event;
    event.set("event", "plan").set("time", milliseconds(elapsed()));
    std::puts(plan_json(sum, event).text().c_str());
    std::fflush(stdout);
  }
  void show_interrupt() override { line("interrupt").print(); }
  void show_error(const Problem& problem) override { problem_line("error", problem).print(); }

  void show_figures(const BrandFigures& figures) override {
    Line line = this->line("brand-check");
    for (const auto& [name, value] : figures.measured())
      line.number(name.c_str(), value);
    line.numbers("limits", figures.limits()).flag("ok", figures.ok()).print();
  }

  void show_finish(const Made* made, bool interrupted) override {
    std::vector<Line> rows;
    for (const auto& tally : stages()) {
      Line row;
      row.text("stage", tally.stage).whole("done", tally.done).whole("failed", tally.failed);
      row.whole("cache-hits", tally.cached)
          .number("seconds", milliseconds(tally.ended - tally.begun));
      rows.push_back(row.numbers("cost", tally.cost));
    }
    Line line = this->line(made ? "done" : "nothing-made");
    if (made) {
      line.text("file", made->path).whole("bytes", static_cast<gint64>(made->bytes));
      line.number("duration", made->seconds).whole("width", made->width);
      line.whole("height", made->height);
    }
    line.flag("interrupted", interrupted).whole("cache-hits", cached()).numbers("cost", cost());
    line.lines("stages", rows).print();
  }

  const std::optional<size_t> row_;
};

} // namespace

std::unique_ptr<Report> json_report(std::optional<size_t> row) {
  return std::make_unique<JsonReport>(row);
}

} // namespace aigc::runner
