// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as JSON: everything follows the field tables.
#include "shot/shot_json.h"

#include "base/error.h"
#include "base/words.h"
#include "shot/provenance.h"

#include <cmath>

namespace aigc {

namespace {

constexpr const char* kProvenance = "provenance";

[[noreturn]] void wrong_type(const std::string& name, JsonNode* node, const char* wanted) {
  std::string text = json_text(node);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  throw Error(Fault::settings, name + " must be " + wanted + ", not " + text,
              "correct the value of " + name);
}

bool holds_number(JsonNode* node) {
  if (!JSON_NODE_HOLDS_VALUE(node)) return false;
  const GType type = json_node_get_value_type(node);
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

bool holds_string(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

void read(const std::string& name, JsonNode* node, std::string& to) {
  if (!holds_string(node)) wrong_type(name, node, "a string");
  to = json_node_get_string(node);
}

void read(const std::string& name, JsonNode* node, double& to) {
  if (!holds_number(node)) wrong_type(name, node, "a number");
  to = json_node_get_double(node);
}

void read(const std::string& name, JsonNode* node, gint64& to) {
  if (!holds_number(node)) wrong_type(name, node, "a whole number");
  const double value = json_node_get_double(node);
  if (std::floor(value) != value || std::abs(value) > 9e15)
    wrong_type(name, node, "a whole number");
  to = json_node_get_int(node);
}

void read(const std::string& name, JsonNode* node, bool& to) {
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    wrong_type(name, node, "true or false");
  to = json_node_get_boolean(node);
}

void read(const std::string& name, JsonNode* node, std::vector<std::string>& to) {
  if (!JSON_NODE_HOLDS_ARRAY(node)) wrong_type(name, node, "a list of strings");
  JsonArray* array = json_node_get_array(node);
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    std::string item;
    read(name + "[" + std::to_string(i) + "]", json_array_get_element(array, i), item);
    to.push_back(item);
  }
}

void write(JsonObject* object, const char* name, const std::string& value) {
  json_object_set_string_member(object, name, value.c_str());
}
void write(JsonObject* object, const char* name, double value) {
  json_object_set_double_member(object, name, value);
}
void write(JsonObject* object, const char* name, gint64 value) {
  json_object_set_int_member(object, name, value);
}
void write(JsonObject* object, const char* name, bool value) {
  json_object_set_boolean_member(object, name, value);
}
void write(JsonObject* object, const char* name, const std::vector<std::string>& value) {
  JsonArray* array = json_array_new();
  for (const auto& item : value)
    json_array_add_string_element(array, item.c_str());
  json_object_set_array_member(object, name, array);
}

Provenance provenance_from_json(const std::string& name, JsonNode* node) {
  if (!JSON_NODE_HOLDS_OBJECT(node)) wrong_type(name, node, "an object");
  JsonObject* object = json_node_get_object(node);
  Provenance result;
  for (const auto& field : provenance_fields()) {
    if (!json_object_has_member(object, field.name)) continue;
    std::visit(
        [&](auto member) {
          read(name + "." + field.name, json_object_get_member(object, field.name), result.*member);
        },
        field.member);
  }
  return result;
}

std::vector<Provenance> history_from_json(JsonNode* node) {
  if (!JSON_NODE_HOLDS_ARRAY(node)) wrong_type(kProvenance, node, "a list of objects");
  JsonArray* array = json_node_get_array(node);
  std::vector<Provenance> history;
  for (guint i = 0; i < json_array_get_length(array); ++i)
    history.push_back(provenance_from_json(kProvenance, json_array_get_element(array, i)));
  return history;
}

void write_history(JsonObject* object, const std::vector<Provenance>& history) {
  JsonArray* array = json_array_new();
  for (const auto& one : history) {
    JsonObject* entry = json_object_new();
    for (const auto& field : provenance_fields())
      std::visit([&](auto member) { write(entry, field.name, one.*member); }, field.member);
    json_array_add_object_element(array, entry);
  }
  json_object_set_array_member(object, kProvenance, array);
}

/// Reads one member into the shot; false when no field has its name.
bool read_field(Shot& shot, const std::string& name, JsonNode* value) {
  if (name == kProvenance) {
    shot.provenance = history_from_json(value);
    return true;
  }
  for (const auto& field : shot_fields()) {
    if (name != field.name || !field.in_json) continue;
    std::visit([&](auto member) { read(name, value, shot.*member); }, field.member);
    return true;
  }
  return false;
}

} // namespace

Ref<JsonNode> shot_to_json(const Shot& shot) {
  static const Shot unset;
  auto object = adopt(json_object_new());
  for (const auto& field : shot_fields()) {
    if (!field.in_json) continue;
    std::visit(
        [&](auto member) {
          if (shot.*member != unset.*member) write(object.get(), field.name, shot.*member);
        },
        field.member);
  }
  if (!shot.provenance.empty()) write_history(object.get(), shot.provenance);
  if (!shot.extra.empty()) {
    auto extra = parse_json(shot.extra);
    JsonObjectIter iter;
    const gchar* name;
    JsonNode* value;
    json_object_iter_init(&iter, json_node_get_object(extra.get()));
    while (json_object_iter_next(&iter, &name, &value))
      json_object_set_member(object.get(), name, json_node_copy(value));
  }
  auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object.get());
  return node;
}

Shot shot_from_json(JsonNode* node) {
  Shot shot;
  if (holds_string(node)) {
    shot.script = json_node_get_string(node);
    return shot;
  }
  if (!JSON_NODE_HOLDS_OBJECT(node)) wrong_type("a shot", node, "an object or a string");
  auto extra = adopt(json_object_new());
  JsonObjectIter iter;
  const gchar* name;
  JsonNode* value;
  json_object_iter_init_ordered(&iter, json_node_get_object(node));
  while (json_object_iter_next_ordered(&iter, &name, &value)) {
    if (JSON_NODE_HOLDS_NULL(value)) continue;
    if (!read_field(shot, canonical(name), value))
      json_object_set_member(extra.get(), name, json_node_copy(value));
  }
  if (json_object_get_size(extra.get()) > 0) {
    auto kept = adopt(json_node_new(JSON_NODE_OBJECT));
    json_node_set_object(kept.get(), extra.get());
    shot.extra = json_text(kept.get());
  }
  return shot;
}

} // namespace aigc
