// SPDX-License-Identifier: LGPL-2.1-or-later
// See shot_messages.h.
#include "shot_messages.h"

namespace aigc::runner {
namespace {

std::string text_in(const GstStructure* structure, const char* name) {
  const char* text = gst_structure_get_string(structure, name);
  return text ? text : "";
}

PlannedCall call_of(const GstStructure* structure) {
  PlannedCall call;
  call.stage = text_in(structure, "stage");
  call.id = text_in(structure, "id");
  call.service = text_in(structure, "service");
  call.model = text_in(structure, "model");
  call.chain = text_in(structure, "chain");
  call.currency = text_in(structure, "currency");
  double cost = 0;
  if (gst_structure_get_double(structure, "cost", &cost)) call.cost = cost;
  gst_structure_get_int64(structure, "index", &call.index);
  gst_structure_get_double(structure, "seconds", &call.seconds);
  gst_structure_get_uint(structure, "at-once", &call.at_once);
  gst_structure_get_uint(structure, "concurrent", &call.concurrent);
  gst_structure_get_double(structure, "per-second", &call.per_second);
  gboolean open = FALSE;
  gst_structure_get_boolean(structure, "open", &open);
  call.is_open = open;
  return call;
}

} // namespace

void ShotMessages::listen(GstElement* pipeline) {
  const auto bus = adopt(gst_element_get_bus(pipeline));
  gst_bus_enable_sync_message_emission(bus.get());
  g_signal_connect(bus.get(), "sync-message::element", G_CALLBACK(on_message), this);
}

void ShotMessages::on_message(GstBus*, GstMessage* message, gpointer self) {
  const GstStructure* structure = gst_message_get_structure(message);
  auto said = static_cast<ShotMessages*>(self)->said_.lock();
  if (gst_structure_has_name(structure, "aigc/shot-planned")) {
    said->plan.calls.push_back(call_of(structure));
  } else if (gst_structure_has_name(structure, "aigc/shot-done")) {
    gboolean hit = FALSE;
    gst_structure_get_boolean(structure, "cache-hit", &hit);
    if (hit) ++said->plan.stored[text_in(structure, "stage")];
  } else if (gst_structure_has_name(structure, "aigc/shot-failed")) {
    said->failures.push_back({text_in(structure, "id"), text_in(structure, "stage"),
                              text_in(structure, "message"), text_in(structure, "remedy")});
  }
}

} // namespace aigc::runner
