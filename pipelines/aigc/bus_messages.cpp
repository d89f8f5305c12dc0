// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_messages.h.
#include "bus_messages.h"

#include "base/ref.h"

#include <utility>

namespace aigc::runner {
namespace {

thread_local Problem last_warning;

GstBusSyncReply keep_warning(GstBus*, GstMessage* message, gpointer) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) last_warning = read_problem(message);
  return GST_BUS_PASS;
}

/// Stock elements say what happened in the debug text: "file(line): function (): path:\nreason".
std::string reason_in(const char* debug) {
  const std::string text = debug ? debug : "";
  const size_t line = text.find(":\n");
  return line == std::string::npos ? "" : text.substr(line + 2);
}

/// Our elements say the remedy twice: in the message, for gst-launch-1.0, and by itself.
void take_remedy(Problem& problem, const std::string& remedy) {
  problem.remedy = remedy;
  const std::string tail = "; " + remedy;
  if (!remedy.empty() && problem.message.ends_with(tail))
    problem.message.resize(problem.message.size() - tail.size());
}

} // namespace

std::string speaker(GstObject* object) {
  if (!object) return "";
  if (!GST_IS_ELEMENT(object)) return take_string(gst_object_get_name(object));
  GstElementFactory* factory = gst_element_get_factory(GST_ELEMENT(object));
  return factory ? GST_OBJECT_NAME(factory) : take_string(gst_object_get_name(object));
}

Problem read_problem(GstMessage* message) {
  ErrorSlot error;
  gchar* debug = nullptr;
  const GstStructure* details = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, error.out(), &debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, error.out(), &debug);
    gst_message_parse_warning_details(message, &details);
  }
  const std::string reason = reason_in(take_string(debug).c_str());
  Problem problem{.element = speaker(GST_MESSAGE_SRC(message)), .message = error.message()};
  const char* remedy = details ? gst_structure_get_string(details, "remedy") : nullptr;
  const std::string who = take_string(gst_object_get_name(GST_MESSAGE_SRC(message))) + ": ";
  if (problem.message.starts_with(who)) problem.message.erase(0, who.size());
  if (remedy)
    take_remedy(problem, remedy);
  else if (!reason.empty())
    problem.message += " (" + reason + ")";
  return problem;
}

std::optional<Step> read_step(GstMessage* message) {
  Step step;
  gchar *code = nullptr, *text = nullptr;
  gst_message_parse_progress(message, &step.type, &code, &text);
  const std::string whole = take_string(code);
  step.text = take_string(text);
  const size_t colon = whole.find(':');
  if (colon == std::string::npos) return {};
  step.stage = whole.substr(0, colon);
  step.id = whole.substr(colon + 1);
  gst_structure_get_int(gst_message_get_structure(message), "percent", &step.percent);
  return step;
}

void keep_warnings(GstBus* bus) {
  gst_bus_set_sync_handler(bus, keep_warning, nullptr, nullptr);
}

Problem take_warning() {
  return std::exchange(last_warning, {});
}

} // namespace aigc::runner
