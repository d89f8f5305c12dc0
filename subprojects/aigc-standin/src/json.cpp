// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON: strict parser and printer.
#include "json.h"

#include <charconv>
#include <cmath>

#include <glib.h>

namespace standin {
namespace {

constexpr int max_depth = 64;

class Parser {
 public:
  explicit Parser(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::optional<Json> whole() {
    Json value;
    if (!read(value, 0)) return {};
    space();
    if (at_ != end_) return {};
    return value;
  }

 private:
  const char* at_;
  const char* end_;

  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      ++at_;
  }

  bool word(std::string_view expected) {
    if (std::string_view(at_, end_ - at_).substr(0, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool next(char expected) {
    space();
    if (at_ == end_ || *at_ != expected) return false;
    ++at_;
    return true;
  }

  bool read(Json& out, int depth) {
    space();
    if (at_ == end_ || depth > max_depth) return false;
    switch (*at_) {
    case '{':
      return object(out, depth);
    case '[':
      return array(out, depth);
    case '"': {
      std::string text;
      if (!string(text)) return false;
      out = Json(std::move(text));
      return true;
    }
    case 't':
      out = Json(true);
      return word("true");
    case 'f':
      out = Json(false);
      return word("false");
    case 'n':
      out = Json();
      return word("null");
    default:
      return number(out);
    }
  }

  bool object(Json& out, int depth) {
    ++at_;
    Json::Object members;
    if (!next('}')) {
      do {
        space();
        Json::Member member;
        if (at_ == end_ || *at_ != '"' || !string(member.first) || !next(':') ||
            !read(member.second, depth + 1))
          return false;
        members.push_back(std::move(member));
      } while (next(','));
      if (!next('}')) return false;
    }
    out = Json(std::move(members));
    return true;
  }

  bool array(Json& out, int depth) {
    ++at_;
    Json::Array items;
    if (!next(']')) {
      do {
        Json item;
        if (!read(item, depth + 1)) return false;
        items.push_back(std::move(item));
      } while (next(','));
      if (!next(']')) return false;
    }
    out = Json(std::move(items));
    return true;
  }

  bool hex4(gunichar& out) {
    if (end_ - at_ < 4) return false;
    auto [stop, error] = std::from_chars(at_, at_ + 4, out, 16);
    if (error != std::errc() || stop != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  bool escape(std::string& out) {
    if (at_ == end_) return false;
    const char kind = *at_++;
    constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    if (const auto place = from.find(kind); place != from.npos) {
      out += to[place];
      return true;
    }
    gunichar code = 0;
    if (kind != 'u' || !hex4(code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      gunichar low = 0;
      if (!word("\\u") || !hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return false;
    }
    char utf8[6];
    out.append(utf8, g_unichar_to_utf8(code, utf8));
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ != end_) {
      const char* run = at_;
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 32)
        ++at_;
      out.append(run, at_);
      if (at_ == end_ || static_cast<unsigned char>(*at_) < 32) return false;
      if (*at_++ == '"') return g_utf8_validate(out.data(), out.size(), nullptr);
      if (!escape(out)) return false;
    }
    return false;
  }

  bool number(Json& out) {
    const char* start = at_;
    const char* digits = start + (*start == '-');
    if (digits == end_ || !g_ascii_isdigit(*digits)) return false;
    if (*digits == '0' && digits + 1 != end_ && g_ascii_isdigit(digits[1])) return false;
    bool whole = true;
    while (at_ != end_ && (g_ascii_isdigit(*at_) || *at_ == '-' || *at_ == '+' || *at_ == '.' ||
                           *at_ == 'e' || *at_ == 'E')) {
      whole = whole && *at_ != '.' && *at_ != 'e' && *at_ != 'E';
      ++at_;
    }
    if (!g_ascii_isdigit(at_[-1])) return false;
    if (int64_t integer = 0; whole) {
      auto [stop, error] = std::from_chars(start, at_, integer);
      if (error == std::errc() && stop == at_) {
        out = Json(integer);
        return true;
      }
    }
    double real = 0;
    auto [stop, error] = std::from_chars(start, at_, real);
    out = Json(real);
    return error == std::errc() && stop == at_;
  }
};

void print_value(std::string& out, const Json& value) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_int()) {
    out += std::to_string(value.integer());
  } else if (value.is_number()) {
    char buffer[32];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, value.number()).ptr;
    std::isfinite(value.number()) ? out.append(buffer, end) : out.append("null");
  } else if (value.is_string()) {
    print_string(out, value.text());
  } else if (value.is_array()) {
    out += '[';
    for (const Json& item : value.items()) {
      if (&item != value.items().data()) out += ',';
      print_value(out, item);
    }
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto& [name, member] : value.members()) {
      if (!first) out += ',';
      first = false;
      print_string(out, name);
      out += ':';
      print_value(out, member);
    }
    out += '}';
  }
}

} // namespace

void print_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (code < 32) {
      out += "\\u00";
      out += hex[code >> 4];
      out += hex[code & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::optional<Json> Json::parse(std::string_view text) {
  return Parser(text).whole();
}

std::string Json::print() const {
  std::string out;
  print_value(out, *this);
  return out;
}

bool Json::boolean(bool otherwise) const {
  const bool* value = std::get_if<bool>(&value_);
  return value ? *value : otherwise;
}

int64_t Json::integer(int64_t otherwise) const {
  const int64_t* value = std::get_if<int64_t>(&value_);
  return value ? *value : otherwise;
}

double Json::number(double otherwise) const {
  if (const double* real = std::get_if<double>(&value_)) return *real;
  const int64_t* whole = std::get_if<int64_t>(&value_);
  return whole ? static_cast<double>(*whole) : otherwise;
}

const std::string& Json::text() const {
  static const std::string none;
  const std::string* value = std::get_if<std::string>(&value_);
  return value ? *value : none;
}

const Json::Array& Json::items() const {
  static const Array none;
  const Array* value = std::get_if<Array>(&value_);
  return value ? *value : none;
}

const Json::Object& Json::members() const {
  static const Object none;
  const Object* value = std::get_if<Object>(&value_);
  return value ? *value : none;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json none;
  for (const auto& [key, value] : members())
    if (key == name) return value;
  return none;
}

bool Json::has(std::string_view name) const {
  for (const auto& member : members())
    if (member.first == name) return true;
  return false;
}

Json* Json::find(std::string_view name) {
  if (Object* object = std::get_if<Object>(&value_))
    for (auto& [key, value] : *object)
      if (key == name) return &value;
  return nullptr;
}

Json& Json::set(std::string_view name, Json value) {
  if (!is_object()) value_ = Object();
  if (Json* old = find(name)) {
    *old = std::move(value);
    return *old;
  }
  auto& object = std::get<Object>(value_);
  object.emplace_back(std::string(name), std::move(value));
  return object.back().second;
}

void Json::push(Json value) {
  if (!is_array()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(value));
}

} // namespace standin
