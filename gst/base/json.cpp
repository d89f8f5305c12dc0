// SPDX-License-Identifier: LGPL-2.1-or-later
// See json.h.
#include "base/json.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace aigc {

namespace {

/// json-glib recurses, and takes more than JSON: comments, quotes of the other kind, "var x =", the
/// first of several values, halves of surrogate pairs, which swallow what follows them. Its
/// messages name the wrong token as well. So only what has the grammar of JSON goes to the parser.
/// That strings have no odd escapes and numbers no odd letters is left to it: they hide nothing.
class Scanner {
 public:
  Scanner(std::string_view text, JsonPlace start) : text_(text), start_(start) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  /// Throws Error{Fault::format}.
  void check() {
    const char* bad = nullptr;
    if (!g_utf8_validate_len(text_.data(), text_.size(), &bad)) {
      at_ = static_cast<size_t>(bad - text_.data());
      throw Error(Fault::format, "JSON is not valid UTF-8" + place(), "save it as UTF-8");
    }
    for (; at_ < text_.size(); ++at_)
      if (!g_ascii_isspace(text_[at_])) take(text_[at_]);
    if (!open_.empty()) refuse("it ends before the last " + std::string(1, open_.back()) + " does");
  }

  /// The message of json-glib, "<data>:LINE:COLUMN: Parse error: ...", in our words.
  std::string in_file(std::string message) const {
    size_t line = 0, column = 0;
    int end = 0;
    if (std::sscanf(message.c_str(), "<data>:%zu:%zu: Parse error: %n", &line, &column, &end) != 2)
      return message;
    return message.substr(static_cast<size_t>(end)) + place(line - 1, column);
  }

 private:
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  enum class Next { value, value_or_end, name, name_or_end, colon, comma_or_end, nothing };

  void take(char c) {
    const bool value = next_ == Next::value || next_ == Next::value_or_end;
    const bool name = next_ == Next::name || next_ == Next::name_or_end;
    const bool word = g_ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
    if (next_ == Next::nothing) refuse("more follows after the first value");
    if (c == '"' && name) {
      string();
      next_ = Next::colon;
    } else if (c == '"' && value) {
      string();
      end_value();
    } else if ((c == '[' || c == '{') && value) {
      open(c);
    } else if ((c == ']' || c == '}') && ends(c)) {
      open_.pop_back();
      end_value();
    } else if (c == ':' && next_ == Next::colon) {
      next_ = Next::value;
    } else if (c == ',' && next_ == Next::comma_or_end) {
      next_ = open_.back() == '[' ? Next::value : Next::name;
    } else if (word && value) {
      this->word();
      end_value();
    } else {
      unexpected(c, word || c == '"' || c == '[' || c == '{');
    }
  }

  [[noreturn]] void unexpected(char c, bool begins_value) const {
    if (begins_value && next_ == Next::comma_or_end) refuse("a comma is missing");
    if (begins_value && next_ == Next::colon) refuse("a colon is missing");
    refuse(g_ascii_isprint(c) ? std::string("an unexpected ") + c : "an unexpected character");
  }

  void open(char c) {
    if (open_.size() == kMaxJsonDepth)
      throw Error(Fault::format, "JSON nested deeper than " + std::to_string(kMaxJsonDepth),
                  "write it flatter");
    open_.push_back(c);
    next_ = c == '[' ? Next::value_or_end : Next::name_or_end;
  }

  bool ends(char c) const {
    const bool list = c == ']';
    return !open_.empty() && open_.back() == (list ? '[' : '{') &&
           (next_ == Next::comma_or_end ||
            next_ == (list ? Next::value_or_end : Next::name_or_end));
  }

  void end_value() { next_ = open_.empty() ? Next::nothing : Next::comma_or_end; }

  /// A number, true, false or null, to its last letter.
  void word() {
    const size_t begin = at_;
    while (at_ + 1 < text_.size() && (g_ascii_isalnum(text_[at_ + 1]) || text_[at_ + 1] == '+' ||
                                      text_[at_ + 1] == '-' || text_[at_ + 1] == '.'))
      ++at_;
    const auto word = text_.substr(begin, at_ + 1 - begin);
    if (!g_ascii_isalpha(word[0]) || word == "true" || word == "false" || word == "null") return;
    at_ = begin;
    refuse("an unexpected " + std::string(word.substr(0, 20)));
  }

  /// From its first quote to its last.
  void string() {
    const size_t begin = at_;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      if (++at_ < text_.size() && text_[at_] == 'u') unicode();
    }
    if (at_ < text_.size()) return;
    at_ = begin;
    refuse("a string without an end");
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
    throw Error(Fault::format, "not valid JSON: " + what + place(), "correct the JSON");
  }

  std::string place() const {
    const auto before = text_.substr(0, at_);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    return place(static_cast<size_t>(lines), before.size() - (before.rfind('\n') + 1));
  }

  /// " in line L, column C": `lines` after the first one, `bytes` into it.
  std::string place(size_t lines, size_t bytes) const {
    size_t begin = 0;
    for (size_t i = 0; i < lines; ++i)
      begin = text_.find('\n', begin) + 1;
    const auto before = text_.substr(begin, bytes);
    const auto characters =
        std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xc0) != 0x80; });
    const size_t column = static_cast<size_t>(characters) + (lines == 0 ? start_.column : 1);
    return " in line " + std::to_string(start_.line + lines) + ", column " + std::to_string(column);
  }

  std::string_view text_;
  JsonPlace start_;
  size_t at_ = 0;
  std::string open_; ///< brackets
  Next next_ = Next::value;
};

bool holds(JsonNode* node, GType type) {
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/// The shortest that is read as the same double.
std::string short_number(std::string_view written) {
  const char* end = written.data() + written.size();
  double value = 0;
  const auto read = std::from_chars(written.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::string(written);
  char text[32];
  std::string number(text, std::to_chars(text, std::end(text), value).ptr);
  return number.find_first_of(".e") == number.npos ? number + ".0" : number; // it is no integer
}

/// json-glib writes doubles with 17 digits, 1.1120000000000001 for 1.112.
std::string with_short_numbers(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '"') {
      while ((end = text.find_first_of("\"\\", end)) < text.size() && text[end] == '\\')
        end += 2;
      end = std::min(end, text.size() - 1) + 1;
      result += text.substr(at, end - at);
    } else if (text[at] == '-' || g_ascii_isdigit(text[at])) {
      end = std::min(text.find_first_not_of("0123456789+-.eE", at), text.size());
      const auto number = text.substr(at, end - at);
      result += number.find_first_of(".eE") < number.size() ? short_number(number) : number;
    } else {
      result += text[at];
    }
    at = end;
  }
  return result;
}

/// 1e999 is read as infinite, and "nan" is a number to from_chars.
std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

} // namespace

std::string json_text(JsonNode* node) {
  return with_short_numbers(take_string(json_to_string(node, FALSE)));
}

Ref<JsonNode> parse_json(std::string_view text, size_t max_bytes, JsonPlace start) {
  if (text.size() > max_bytes)
    throw Error(Fault::format, "JSON of " + std::to_string(text.size()) + " bytes",
                "split it into parts of at most " + std::to_string(max_bytes) + " bytes");
  Scanner scanner(text, start);
  scanner.check();
  auto parser = adopt(json_parser_new_immutable());
  ErrorSlot error;
  if (!json_parser_load_from_data(parser.get(), text.data(), text.size(), error.out()))
    throw Error(Fault::format, "not valid JSON: " + scanner.in_file(error.message()),
                "correct the JSON");
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
