// SPDX-License-Identifier: LGPL-2.1-or-later
// See json.h.
#include "base/json.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace aigc {

namespace {

/// json-glib recurses, and takes more than JSON: comments, quotes of the other kind, "var x =", the
/// first of several values, halves of surrogate pairs, which swallow what follows them. None of
/// that may hide how deep a text nests, so only what JSON has goes to the parser. That strings have
/// no odd escapes and words no odd letters is left to it: they hide nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  /// Throws Error{Fault::format}.
  void check() {
    for (bool over = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (g_ascii_isspace(c)) continue;
      if (over) refuse("more follows after the first value");
      if (c == '"')
        string();
      else if (c == '[' || c == '{')
        open();
      else if (c == ']' || c == '}')
        over = close();
      else if (!g_ascii_isalnum(c) && std::string_view(":,+-.").find(c) == std::string_view::npos)
        refuse(g_ascii_isprint(c) ? std::string("an unexpected ") + c : "an unexpected character");
    }
  }

 private:
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

  void open() {
    if (++depth_ > kMaxJsonDepth)
      throw Error(Fault::format, "JSON nested deeper than " + std::to_string(kMaxJsonDepth),
                  "write it flatter");
  }

  /// Whether that was the last.
  bool close() {
    if (depth_ == 0) refuse(std::string("an unexpected ") + text_[at_]);
    return --depth_ == 0;
  }

  /// From its first quote to its last.
  void string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      if (++at_ < text_.size() && text_[at_] == 'u') unicode();
    }
    if (at_ >= text_.size()) refuse("a string without an end");
  }

  /// From the u to the last digit.
  void unicode() {
    const unsigned first = digits();
    if (first < 0xd800 || first > 0xdfff) return;
    const bool paired = first < 0xdc00 && text_.substr(at_ + 1, 2) == "\\u";
    if (!paired) refuse("half a surrogate pair");
    at_ += 2;
    const unsigned second = digits();
    if (second < 0xdc00 || second > 0xdfff) refuse("half a surrogate pair");
  }

  unsigned digits() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      if (++at_ >= text_.size() || !g_ascii_isxdigit(text_[at_]))
        refuse("a broken \\u in a string");
      code = code << 4 | static_cast<unsigned>(g_ascii_xdigit_value(text_[at_]));
    }
    return code;
  }

  [[noreturn]] void refuse(const std::string& what) const {
    const auto before = text_.substr(0, at_);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    throw Error(Fault::format,
                "not valid JSON: " + what + " in line " + std::to_string(line) + ", column " +
                    std::to_string(column),
                "correct the JSON");
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

bool holds(JsonNode* node, GType type) {
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/// 1e999 is read as infinite, and "nan" is a number to from_chars.
std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

} // namespace

std::string json_text(JsonNode* node) {
  return take_string(json_to_string(node, FALSE));
}

Ref<JsonNode> parse_json(std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes)
    throw Error(Fault::format, "JSON of " + std::to_string(text.size()) + " bytes",
                "split it into parts of at most " + std::to_string(max_bytes) + " bytes");
  if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
    throw Error(Fault::format, "JSON is not valid UTF-8", "save it as UTF-8");
  Scanner(text).check();
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
  if (holds(node_, G_TYPE_INT64)) return json_node_get_double(node_);
  if (holds(node_, G_TYPE_DOUBLE)) return finite(json_node_get_double(node_));
  const std::string written = text();
  double value = 0;
  const char* end = written.data() + written.size();
  const auto read = std::from_chars(written.data(), end, value);
  if (written.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return finite(value);
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

JsonObjectMaker& JsonObjectMaker::set(const char* name, const std::vector<std::string>& values) {
  auto array = adopt(json_array_new());
  for (const auto& value : values)
    json_array_add_string_element(array.get(), value.c_str());
  json_object_set_array_member(object_.get(), name, array.leak());
  return *this;
}

std::string JsonObjectMaker::text() const {
  auto node = adopt(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(node.get(), object_.get());
  return json_text(node.get());
}

} // namespace aigc
