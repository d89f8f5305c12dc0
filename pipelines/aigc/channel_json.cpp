// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_json.h.
#include "channel_json.h"

namespace aigc::runner {
namespace {

JsonNode* value_node(const GValue* value);

JsonNode* array_node(const GValue* value, guint size, const GValue* (*item)(const GValue*, guint)) {
  JsonArray* array = json_array_new();
  for (guint i = 0; i < size; ++i)
    json_array_add_element(array, value_node(item(value, i)));
  JsonNode* node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, array);
  return node;
}

/// A number, or null when it is none.
JsonNode* number_node(const GValue* value) {
  const bool floating = G_VALUE_HOLDS_DOUBLE(value) || G_VALUE_HOLDS_FLOAT(value);
  GValue wide = G_VALUE_INIT;
  g_value_init(&wide, floating ? G_TYPE_DOUBLE : G_TYPE_INT64);
  JsonNode* node = nullptr;
  if (!G_VALUE_HOLDS_ENUM(value) && g_value_transform(value, &wide)) {
    node = json_node_new(JSON_NODE_VALUE);
    json_node_set_value(node, &wide);
  }
  g_value_unset(&wide);
  return node;
}

JsonNode* text_node(const std::string& text) {
  return json_node_init_string(json_node_alloc(), text.c_str());
}

JsonNode* value_node(const GValue* value) {
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    return text_node(text ? text : "");
  }
  if (G_VALUE_HOLDS_BOOLEAN(value))
    return json_node_init_boolean(json_node_alloc(), g_value_get_boolean(value));
  if (GST_VALUE_HOLDS_ARRAY(value))
    return array_node(value, gst_value_array_get_size(value), gst_value_array_get_value);
  if (GST_VALUE_HOLDS_LIST(value))
    return array_node(value, gst_value_list_get_size(value), gst_value_list_get_value);
  if (GST_VALUE_HOLDS_STRUCTURE(value))
    return json_node(structure_json(gst_value_get_structure(value))).leak();
  if (JsonNode* number = number_node(value)) return number;
  return text_node(take_string(gst_value_serialize(value)));
}

} // namespace

Ref<JsonNode> json_node(const Ref<JsonObject>& object) {
  return adopt(json_node_init_object(json_node_alloc(), object.get()));
}

Ref<JsonObject> structure_json(const GstStructure* structure) {
  auto object = adopt(json_object_new());
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, i);
    json_object_set_member(object.get(), name,
                           value_node(gst_structure_get_value(structure, name)));
  }
  return object;
}

} // namespace aigc::runner
