// SPDX-License-Identifier: LGPL-2.1-or-later
// See json.h.
#include "base/json.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace aigc {

namespace {

/// The parser recurses, so its input must not nest without end. Brackets in strings do not count.
size_t depth_of(std::string_view text) {
  size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!quoted && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return deepest;
}

bool holds(JsonNode* node, GType type) {
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

} // namespace

std::string json_text(JsonNode* node) {
  return take_string(json_to_string(node, FALSE));
}

Ref<JsonNode> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes)
    throw Error(Fault::format, "JSON of " + std::to_string(text.size()) + " bytes",
                "split it into parts of at most " + std::to_string(kMaxJsonBytes) + " bytes");
  if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
    throw Error(Fault::format, "JSON is not valid UTF-8", "save it as UTF-8");
  if (depth_of(text) > kMaxJsonDepth)
    throw Error(Fault::format, "JSON nested deeper than " + std::to_string(kMaxJsonDepth),
                "write it flatter");
  auto parser = adopt(json_parser_new_immutable());
  ErrorSlot error;
  if (!json_parser_load_from_data(parser.get(), text.data(), text.size(), error.out()))
    throw Error(Fault::format, "not valid JSON: " + error.message(), "correct the JSON");
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root) throw Error(Fault::format, "JSON is empty", "write at least one value");
  return adopt(json_node_ref(root));
}

JsonView JsonView::operator[](const char* member) const {
  return is_object() ? JsonView(json_object_get_member(json_node_get_object(node_), member))
                     : JsonView();
}

JsonView JsonView::at(size_t index) const {
  return index < size() ? JsonView(json_array_get_element(json_node_get_array(node_),
                                                          static_cast<guint>(index)))
                        : JsonView();
}

size_t JsonView::size() const {
  return is_array() ? json_array_get_length(json_node_get_array(node_)) : 0;
}

std::vector<std::string> JsonView::members() const {
  std::vector<std::string> names;
  if (!is_object()) return names;
  JsonObjectIter iter;
  const gchar* name = nullptr;
  json_object_iter_init_ordered(&iter, json_node_get_object(node_));
  while (json_object_iter_next_ordered(&iter, &name, nullptr))
    names.push_back(name);
  return names;
}

std::string JsonView::text(const std::string& otherwise) const {
  return holds(node_, G_TYPE_STRING) ? json_node_get_string(node_) : otherwise;
}

std::optional<double> JsonView::number() const {
  if (holds(node_, G_TYPE_INT64) || holds(node_, G_TYPE_DOUBLE)) return json_node_get_double(node_);
  const std::string written = text();
  double value = 0;
  const char* end = written.data() + written.size();
  const auto read = std::from_chars(written.data(), end, value);
  if (written.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::optional<gint64> JsonView::integer() const {
  if (holds(node_, G_TYPE_INT64)) return json_node_get_int(node_);
  const auto value = number();
  if (!value || std::floor(*value) != *value || std::abs(*value) > 9e15) return std::nullopt;
  return static_cast<gint64>(*value);
}

bool JsonView::boolean(bool otherwise) const {
  return holds(node_, G_TYPE_BOOLEAN) ? json_node_get_boolean(node_) : otherwise;
}

JsonObjectMaker& JsonObjectMaker::set(const char* name, const char* value) {
  json_object_set_string_member(object_.get(), name, value);
  return *this;
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, const std::string& value) {
  return set(name, value.c_str());
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, bool value) {
  json_object_set_boolean_member(object_.get(), name, value);
  return *this;
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, int value) {
  return set(name, static_cast<gint64>(value));
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, gint64 value) {
  json_object_set_int_member(object_.get(), name, value);
  return *this;
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, double value) {
  json_object_set_double_member(object_.get(), name, value);
  return *this;
}
JsonObjectMaker& JsonObjectMaker::set(const char* name, const JsonObjectMaker& value) {
  json_object_set_object_member(object_.get(), name, share(value.object_.get()).leak());
  return *this;
}
JsonObjectMaker& JsonObjectMaker::set(const char* name,
                                      const std::vector<JsonObjectMaker>& values) {
  auto array = adopt(json_array_new());
  for (const auto& value : values)
    json_array_add_object_element(array.get(), share(value.object_.get()).leak());
  json_object_set_array_member(object_.get(), name, array.leak());
  return *this;
}

std::string JsonObjectMaker::text() const {
  auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object_.get());
  return json_text(node.get());
}

} // namespace aigc
