// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON from strangers, read without surprises, and JSON of our own, written.
#pragma once

#include "base/ref.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

inline constexpr size_t kMaxJsonBytes = 8u << 20;
inline constexpr size_t kMaxJsonDepth = 64;

/// Where a text begins in its file, for messages; columns count characters.
struct JsonPlace {
  size_t line = 1;
  size_t column = 1;
};

/// Throws Error{Fault::format} with line and column; comments and other extras are refused. At most
/// `max_bytes`, nested kMaxJsonDepth deep.
Ref<JsonNode> parse_json(std::string_view text, size_t max_bytes = kMaxJsonBytes,
                         JsonPlace start = {});

std::string json_text(JsonNode* node);

/// A look into a parsed tree, which must outlive it. What is missing or of another type reads as
/// absent, so a path through a stranger's answer needs no checks on the way:
/// `JsonView(root)["output"]["results"].at(0)["url"].text()`.
class JsonView {
 public:
  JsonView(JsonNode* node = nullptr) : node_(node) {}

  JsonView operator[](const char* member) const;
  JsonView at(size_t index) const;
  /// Elements of an array; 0 for anything else.
  size_t size() const;

  bool exists() const { return node_ && !JSON_NODE_HOLDS_NULL(node_); }
  bool is_object() const { return node_ && JSON_NODE_HOLDS_OBJECT(node_); }
  bool is_array() const { return node_ && JSON_NODE_HOLDS_ARRAY(node_); }
  /// Names of an object's members, in their order.
  std::vector<std::string> members() const;

  std::string text(const std::string& otherwise = {}) const;
  /// Also of a string that is a number: services differ. Always finite.
  std::optional<double> number() const;
  std::optional<gint64> integer() const;
  bool boolean(bool otherwise) const;
  JsonNode* node() const { return node_; }

 private:
  JsonNode* node_;
};

/// An object under construction; members keep the order they were set in.
class JsonObjectMaker {
 public:
  JsonObjectMaker() : object_(adopt(json_object_new())) {}

  JsonObjectMaker& set(const char* name, const char* value);
  JsonObjectMaker& set(const char* name, const std::string& value);
  JsonObjectMaker& set(const char* name, bool value);
  JsonObjectMaker& set(const char* name, int value);
  JsonObjectMaker& set(const char* name, gint64 value);
  JsonObjectMaker& set(const char* name, double value);
  JsonObjectMaker& set(const char* name, const JsonObjectMaker& value);
  JsonObjectMaker& set(const char* name, const std::vector<JsonObjectMaker>& values);
  JsonObjectMaker& set(const char* name, const std::vector<std::string>& values);
  std::string text() const;

 private:
  Ref<JsonObject> object_;
};

} // namespace aigc
