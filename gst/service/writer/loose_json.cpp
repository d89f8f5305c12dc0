// SPDX-License-Identifier: LGPL-2.1-or-later
// See loose_json.h.
#include "service/writer/loose_json.h"

#include <optional>

#include <glib.h>

namespace aigc {

namespace {

constexpr int kDeepest = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  LooseValue value(int depth) {
    skip_blanks();
    if (at_end()) return {};
    switch (peek()) {
    case '"':
      return string();
    case '{':
      return depth < kDeepest ? object(depth) : LooseValue{};
    case '[':
      return depth < kDeepest ? list(depth) : LooseValue{};
    default:
      return word();
    }
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }

  void skip_blanks() {
    while (!at_end() && g_ascii_isspace(peek()))
      ++at_;
  }

  /// Blanks and commas, of which there may be too many.
  void skip_separators() {
    while (!at_end() && (g_ascii_isspace(peek()) || peek() == ','))
      ++at_;
  }

  bool take(char c) {
    if (at_end() || peek() != c) return false;
    ++at_;
    return true;
  }

  LooseValue object(int depth) {
    LooseValue object{.kind = LooseValue::Kind::object};
    ++at_;
    for (;;) {
      skip_separators();
      if (take('}')) {
        object.closed = true;
        return object;
      }
      if (at_end() || peek() != '"') return object;
      LooseValue name = string();
      skip_blanks();
      if (!name.closed || !take(':')) return object;
      LooseValue member = value(depth + 1);
      const bool whole = member.closed;
      object.members.emplace_back(std::move(name.text), std::move(member));
      if (!whole) return object;
    }
  }

  LooseValue list(int depth) {
    LooseValue list{.kind = LooseValue::Kind::list};
    ++at_;
    for (;;) {
      skip_separators();
      if (take(']')) {
        list.closed = true;
        return list;
      }
      if (at_end()) return list;
      LooseValue item = value(depth + 1);
      const bool whole = item.closed;
      list.items.push_back(std::move(item));
      if (!whole) return list;
    }
  }

  /// true, false, null or a number; its end is the separator behind it.
  LooseValue word() {
    const size_t start = at_;
    while (!at_end() &&
           (g_ascii_isalnum(peek()) || peek() == '-' || peek() == '+' || peek() == '.'))
      ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    LooseValue value{.closed = !word.empty() && !at_end(), .text = std::string(word)};
    if (word == "true" || word == "false") {
      value.kind = LooseValue::Kind::boolean;
      value.truth = word == "true";
    } else if (!word.empty() && (g_ascii_isdigit(word.front()) || word.front() == '-')) {
      value.kind = LooseValue::Kind::number;
    } else if (word != "null") {
      value.closed = false;
    }
    return value;
  }

  LooseValue string() {
    LooseValue value{.kind = LooseValue::Kind::text};
    ++at_;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') {
        value.closed = true;
        return value;
      }
      if (c == '\\') {
        if (!escape(value.text)) return value;
      } else if (c != '\0') {
        value.text += c;
      }
    }
    return value;
  }

  /// What follows a backslash; false when it was cut off.
  bool escape(std::string& text) {
    if (at_end()) return false;
    const char c = text_[at_++];
    switch (c) {
    case 'n':
      text += '\n';
      return true;
    case 't':
      text += '\t';
      return true;
    case 'r':
    case 'b':
    case 'f':
      text += ' ';
      return true;
    case 'u':
      return unicode(text);
    default:
      text += c;
      return true;
    }
  }

  std::optional<gunichar> four_digits() {
    if (at_ + 4 > text_.size()) return std::nullopt;
    gunichar unit = 0;
    for (size_t i = 0; i < 4; ++i) {
      const int digit = g_ascii_xdigit_value(text_[at_ + i]);
      if (digit < 0) return std::nullopt;
      unit = unit * 16 + static_cast<gunichar>(digit);
    }
    at_ += 4;
    return unit;
  }

  bool unicode(std::string& text) {
    if (text_.size() - at_ < 4) {
      at_ = text_.size();
      return false;
    }
    auto unit = four_digits();
    if (!unit) return true;
    if (*unit >= 0xD800 && *unit < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t back = at_;
      at_ += 2;
      const auto low = four_digits();
      if (low && *low >= 0xDC00 && *low < 0xE000)
        unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
      else
        at_ = back;
    }
    if (*unit == 0) return true;
    if (*unit >= 0xD800 && *unit < 0xE000) unit = 0xFFFD; // half a pair
    char bytes[6];
    text.append(bytes, static_cast<size_t>(g_unichar_to_utf8(*unit, bytes)));
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

} // namespace

LooseValue read_loose_json(std::string_view text) {
  return Reader(text).value(0);
}

} // namespace aigc
