// SPDX-License-Identifier: LGPL-2.1-or-later
// See shot_request.h.
#include "shot/shot_request.h"

#include "base/error.h"
#include "base/json.h"
#include "shot/brand.h"
#include "shot/listed_shot.h"

namespace aigc {

namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(Fault::settings, name + " " + what, "correct the value of " + name);
}

Ref<JsonNode> structure_to_json(const GstStructure* structure);
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

/// What lists do not give: members that no field is read from are taken off. Returns what stood
/// under `extra`, the members of a shot that are no fields.
std::string take_inner_fields(JsonObject* object) {
  const std::string extra = json_object_has_member(object, "extra")
                                ? JsonView(json_object_get_member(object, "extra")).text()
                                : "";
  for (const auto& field : shot_fields())
    if (!field.in_json) json_object_remove_member(object, field.name);
  if (!extra.empty() && !JsonView(parse_json(extra).get()).is_object())
    refuse("extra", "must be a JSON object");
  return extra;
}

} // namespace

Shot shot_from_request(const GstStructure* structure) {
  Row row{.number = 1, .place = {}, .value = structure_to_json(structure)};
  const std::string extra = take_inner_fields(json_node_get_object(row.value.get()));
  ListedShot listed = listed_shot(row, {});
  if (!extra.empty()) listed.shot.extra = extra;
  if (is_brand_file(listed.shot.brand)) load_brand(listed.shot.brand);
  return in_language(listed, "");
}

} // namespace aigc
