// SPDX-License-Identifier: LGPL-2.1-or-later
// See shot_request.h.
#include "shot/shot_request.h"

#include "base/error.h"
#include "base/words.h"
#include "shot/brand.h"
#include "shot/listed_shot.h"

#include <algorithm>

namespace aigc {

namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(Fault::settings, name + " " + what, "correct the value of " + name);
}

// --- to JSON -------------------------------------------------------------------------------------

Ref<JsonNode> node_of(const char* name, const GValue* value);

Ref<JsonNode> node_of_array(const char* name, const GValue* value) {
  const bool is_list = GST_VALUE_HOLDS_LIST(value);
  const guint size = is_list ? gst_value_list_get_size(value) : gst_value_array_get_size(value);
  auto array = adopt(json_array_new());
  for (guint i = 0; i < size; ++i) {
    const GValue* item =
        is_list ? gst_value_list_get_value(value, i) : gst_value_array_get_value(value, i);
    json_array_add_element(array.get(), node_of(name, item).leak());
  }
  auto node = adopt(json_node_new(JSON_NODE_ARRAY));
  json_node_set_array(node.get(), array.get());
  return node;
}

/// Numbers of whatever type as the ones JSON has.
Ref<JsonNode> node_of_number(const char* name, const GValue* value) {
  auto node = adopt(json_node_new(JSON_NODE_VALUE));
  GValue converted = G_VALUE_INIT;
  const GType type = G_VALUE_TYPE(value);
  const bool is_fraction = type == G_TYPE_DOUBLE || type == G_TYPE_FLOAT;
  g_value_init(&converted, is_fraction ? G_TYPE_DOUBLE : G_TYPE_INT64);
  if (!g_value_transform(value, &converted))
    refuse(name, std::string("has the type ") + g_type_name(type));
  if (is_fraction)
    json_node_set_double(node.get(), g_value_get_double(&converted));
  else
    json_node_set_int(node.get(), g_value_get_int64(&converted));
  return node;
}

Ref<JsonNode> node_of(const char* name, const GValue* value) {
  if (GST_VALUE_HOLDS_LIST(value) || GST_VALUE_HOLDS_ARRAY(value))
    return node_of_array(name, value);
  if (GST_VALUE_HOLDS_STRUCTURE(value)) return structure_to_json(gst_value_get_structure(value));
  auto node = adopt(json_node_new(JSON_NODE_VALUE));
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    if (!text) return adopt(json_node_new(JSON_NODE_NULL));
    check_text(name, text);
    json_node_set_string(node.get(), text);
  } else if (G_VALUE_HOLDS_BOOLEAN(value)) {
    json_node_set_boolean(node.get(), g_value_get_boolean(value));
  } else {
    return node_of_number(name, value);
  }
  return node;
}

// --- from JSON -----------------------------------------------------------------------------------

GValue list_of(const std::string& name, JsonArray* array) {
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_ARRAY);
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    JsonNode* item = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_VALUE(item) || json_node_get_value_type(item) != G_TYPE_STRING) {
      g_value_unset(&list);
      refuse(name, "must be a list of strings");
    }
    GValue value = G_VALUE_INIT;
    json_node_get_value(item, &value);
    gst_value_array_append_and_take_value(&list, &value);
  }
  return list;
}

/// Names become quarks, which stay for ever, so none but the fields' own do.
void check_name(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& field : shot_fields())
    if (field.in_json) names.emplace_back(field.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const std::string meant = did_you_mean(name, names);
  throw Error(Fault::settings, "\"" + std::string(bounded(name, 60)) + "\" is no field of a shot",
              meant.empty() ? "leave it out" : meant);
}

void set_member(GstStructure* structure, const std::string& name, JsonNode* node) {
  if (JSON_NODE_HOLDS_NULL(node)) return;
  check_name(name);
  if (JSON_NODE_HOLDS_OBJECT(node)) refuse(name, "must be a text or a number");
  GValue value = G_VALUE_INIT;
  if (JSON_NODE_HOLDS_ARRAY(node))
    value = list_of(name, json_node_get_array(node));
  else
    json_node_get_value(node, &value);
  gst_structure_take_value(structure, name.c_str(), &value);
}

} // namespace

Own<GstStructure> structure_from_json(const char* name, JsonNode* node) {
  Own<GstStructure> structure(gst_structure_new_empty(name));
  const JsonView object(node);
  if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
    set_member(structure.get(), "script", node);
  else if (!object.is_object())
    refuse("a shot", "must be an object or a text");
  for (const auto& member : object.members())
    set_member(structure.get(), canonical(member), object[member.c_str()].node());
  return structure;
}

Ref<JsonNode> structure_to_json(const GstStructure* structure) {
  auto object = adopt(json_object_new());
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    auto value = node_of(name, gst_structure_get_value(structure, name));
    json_object_set_member(object.get(), name, value.leak());
  }
  auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object.get());
  return node;
}

Shot shot_from_request(const GstStructure* structure) {
  Row row{.number = 1, .place = {}, .value = structure_to_json(structure)};
  ListedShot listed = listed_shot(row, {});
  if (is_brand_file(listed.shot.brand)) load_brand(listed.shot.brand);
  return in_language(listed, "");
}

} // namespace aigc
