// SPDX-License-Identifier: LGPL-2.1-or-later
// The typed fields of a request.
#include "fields.h"

#include <algorithm>
#include <charconv>

namespace standin {
namespace {

const char* type_word(FieldType type) {
  switch (type) {
  case FieldType::Integer:
    return "int";
  case FieldType::Number:
    return "float";
  case FieldType::Boolean:
    return "bool";
  case FieldType::Object:
    return "dict";
  default:
    return "string";
  }
}

const char* type_phrase(FieldType type) {
  switch (type) {
  case FieldType::Integer:
    return "Input should be a valid integer";
  case FieldType::Number:
    return "Input should be a valid number";
  case FieldType::Boolean:
    return "Input should be a valid boolean";
  case FieldType::Object:
    return "Input should be a valid dictionary";
  default:
    return "Input should be a valid string";
  }
}

// What the words of a form mean; null when they are not of that type.
Json from_words(const std::string& words, FieldType type) {
  if (type == FieldType::Text || type == FieldType::Any) return Json(words);
  if (type == FieldType::Integer) {
    int64_t number = 0;
    const char* end = words.data() + words.size();
    const auto [stop, error] = std::from_chars(words.data(), end, number);
    return error == std::errc() && stop == end ? Json(number) : Json();
  }
  const auto parsed = Json::parse(words);
  return parsed ? *parsed : Json();
}

bool is(const Json& value, FieldType type) {
  switch (type) {
  case FieldType::Text:
    return value.is_string();
  case FieldType::Integer:
    return value.is_int();
  case FieldType::Number:
    return value.is_number();
  case FieldType::Boolean:
    return value.is_bool();
  case FieldType::Object:
    return value.is_object();
  case FieldType::Any:
    break;
  }
  return true;
}

std::string bound(double value) {
  return Json(value).print();
}

} // namespace

std::optional<FieldProblem> read_fields(const Exchange& exchange, const std::vector<Field>& fields,
                                        Json& out) {
  out = Json(Json::Object{});
  for (const auto& [name, type, required, least, most] : fields) {
    Json value;
    bool given = false;
    if (exchange.form) {
      const Part* part = exchange.form->field(name);
      given = part != nullptr;
      if (part) value = from_words(part->data, type);
    } else if (exchange.json) {
      value = (*exchange.json)[name];
      given = !value.is_null();
    }
    if (!given) {
      if (required) return FieldProblem{name, "Field required", "missing"};
      continue;
    }
    if (!is(value, type) || value.is_null())
      return FieldProblem{name, type_phrase(type),
                          type_word(type) + std::string(exchange.form ? "_parsing" : "_type")};
    if (value.is_number() && value.number() < least)
      return FieldProblem{name, "Input should be greater than or equal to " + bound(least),
                          "greater_than_equal"};
    if (value.is_number() && value.number() > most)
      return FieldProblem{name, "Input should be less than or equal to " + bound(most),
                          "less_than_equal"};
    out.set(name, std::move(value));
  }
  return {};
}

std::string unknown_field(const Exchange& exchange, const std::vector<Field>& fields,
                          const std::vector<std::string>& others) {
  auto known = [&](const std::string& name) {
    return std::find(others.begin(), others.end(), name) != others.end() ||
           std::any_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return field.name == name; });
  };
  if (exchange.form) {
    for (const Part& part : exchange.form->parts())
      if (!known(part.name)) return part.name;
  } else if (exchange.json) {
    for (const auto& [name, value] : exchange.json->members())
      if (!known(name)) return name;
  }
  return "";
}

} // namespace standin
