// SPDX-License-Identifier: LGPL-2.1-or-later
// A JSON value, a strict parser (RFC 8259, no comments, no trailing commas) and a printer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace standin {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>; // in the order written

  Json() = default; // null
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<int64_t>(value)) {}
  Json(int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }
  static Json array(std::initializer_list<Json> items) { return Json(Array(items)); }

  // Nothing when the text is not one JSON value.
  static std::optional<Json> parse(std::string_view text);
  std::string print() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  bool boolean(bool otherwise = false) const;
  int64_t integer(int64_t otherwise = 0) const;
  double number(double otherwise = 0) const;
  const std::string& text() const; // "" when it is no string
  const Array& items() const;      // empty when it is no array
  const Object& members() const;   // empty when it is no object

  // The member of that name; null when there is none.
  const Json& operator[](std::string_view name) const;
  bool has(std::string_view name) const;
  Json* find(std::string_view name);
  Json& set(std::string_view name, Json value);
  void push(Json value);

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

void print_string(std::string& out, std::string_view text);

} // namespace standin
