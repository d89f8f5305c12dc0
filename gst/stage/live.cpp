// SPDX-License-Identifier: LGPL-2.1-or-later
// See live.h.
#include "stage/live.h"

namespace aigc {

namespace {

constexpr char kCancel[] = "aigc-cancel";
constexpr char kDemand[] = "aigc-demand";
constexpr char kAired[] = "aigc-aired";
constexpr char kSupply[] = "aigc-supply";

std::string id_of(const GstStructure* structure) {
  const char* id = gst_structure_get_string(structure, "id");
  return id ? id : "";
}

} // namespace

Ref<GstEvent> cancel_event(const std::string& id) {
  return adopt(
      gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                           gst_structure_new(kCancel, "id", G_TYPE_STRING, id.c_str(), nullptr)));
}

std::optional<std::string> cancelled_id(GstEvent* event) {
  if (!gst_event_has_name(event, kCancel)) return std::nullopt;
  return id_of(gst_event_get_structure(event));
}

Ref<GstEvent> demand_event(double seconds) {
  return adopt(
      gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                           gst_structure_new(kDemand, "seconds", G_TYPE_DOUBLE, seconds, nullptr)));
}

std::optional<double> demanded_seconds(GstEvent* event) {
  double seconds = 0;
  if (!gst_event_has_name(event, kDemand) ||
      !gst_structure_get_double(gst_event_get_structure(event), "seconds", &seconds))
    return std::nullopt;
  return seconds;
}

Ref<GstEvent> aired_event(const std::string& id, bool aired) {
  return adopt(gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                    gst_structure_new(kAired, "id", G_TYPE_STRING, id.c_str(),
                                                      "aired", G_TYPE_BOOLEAN, aired, nullptr)));
}

std::optional<Aired> aired_item(GstEvent* event) {
  if (!gst_event_has_name(event, kAired)) return std::nullopt;
  const GstStructure* structure = gst_event_get_structure(event);
  gboolean aired = FALSE;
  gst_structure_get_boolean(structure, "aired", &aired);
  return Aired{id_of(structure), aired != FALSE};
}

Ref<GstQuery> supply_query() {
  auto query = adopt(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kSupply)));
  set_supply_facts(query.get(), SupplyFacts{});
  return query;
}

bool is_supply_query(GstQuery* query) {
  return GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM &&
         gst_structure_has_name(gst_query_get_structure(query), kSupply);
}

SupplyFacts supply_facts(GstQuery* query) {
  SupplyFacts facts;
  gboolean resting = FALSE;
  gst_structure_get(gst_query_get_structure(query), "at-once", G_TYPE_UINT, &facts.at_once,
                    "clip-seconds", G_TYPE_DOUBLE, &facts.clip_seconds, "success", G_TYPE_DOUBLE,
                    &facts.success, "latency", G_TYPE_DOUBLE, &facts.latency, "latency-p99",
                    G_TYPE_DOUBLE, &facts.latency_p99, "in-flight", G_TYPE_UINT, &facts.in_flight,
                    "resting", G_TYPE_BOOLEAN, &resting, nullptr);
  facts.resting = resting;
  return facts;
}

void set_supply_facts(GstQuery* query, const SupplyFacts& facts) {
  gst_structure_set(gst_query_writable_structure(query), "at-once", G_TYPE_UINT, facts.at_once,
                    "clip-seconds", G_TYPE_DOUBLE, facts.clip_seconds, "success", G_TYPE_DOUBLE,
                    facts.success, "latency", G_TYPE_DOUBLE, facts.latency, "latency-p99",
                    G_TYPE_DOUBLE, facts.latency_p99, "in-flight", G_TYPE_UINT, facts.in_flight,
                    "resting", G_TYPE_BOOLEAN, static_cast<gboolean>(facts.resting), nullptr);
}

} // namespace aigc
