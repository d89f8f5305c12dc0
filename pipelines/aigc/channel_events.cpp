// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_events.h.
#include "channel_events.h"

#include "channel_json.h"

#include <cmath>

namespace aigc::runner {

std::optional<Ref<JsonObject>> message_event(const GstStructure* structure) {
  const std::string_view whole = gst_structure_get_name(structure);
  const size_t slash = whole.find('/');
  const std::string_view from = whole.substr(0, slash);
  if (slash == whole.npos || !(from == "clipplayout" || from == "aigc" || from == "livepushsink"))
    return {};
  std::string name(whole.substr(slash + 1));
  if (name == "shot-preview") return {}; // a picture
  auto event = structure_json(structure);
  // What an item does is a part of the event's name.
  if (const char* what = gst_structure_get_string(structure, "event"))
    name += "-" + std::string(what);
  json_object_set_string_member(event.get(), "event", name.c_str());
  return event;
}

Ref<JsonObject> problem_event(const char* event, const Problem& problem) {
  auto object = adopt(json_object_new());
  json_object_set_string_member(object.get(), "event", event);
  if (!problem.element.empty())
    json_object_set_string_member(object.get(), "element", problem.element.c_str());
  json_object_set_string_member(object.get(), "message", problem.message.c_str());
  if (!problem.remedy.empty())
    json_object_set_string_member(object.get(), "remedy", problem.remedy.c_str());
  return object;
}

std::string event_line(const Ref<JsonObject>& event, double time) {
  json_object_set_double_member(event.get(), "time", std::round(time * 1000) / 1000);
  return json_text(json_node(event).get());
}

} // namespace aigc::runner
