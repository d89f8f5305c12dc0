// SPDX-License-Identifier: LGPL-2.1-or-later
// What a job's variable accepts, and how it says so.
#include "base/error.h"
#include "base/ref.h"
#include "job_file.h"
#include "shot/brand.h"
#include "text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <unistd.h>

#include <glib.h>

namespace aigc::runner {
namespace {

bool is_space(char c) {
  return g_ascii_isspace(c);
}

std::string join(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : between) + word;
  return out;
}

/// "from 1 to 9", "of at least 1", or nothing.
std::string range(const Variable& variable) {
  const bool low = std::isfinite(variable.minimum), high = std::isfinite(variable.maximum);
  if (low && high) return " from " + plain(variable.minimum) + " to " + plain(variable.maximum);
  if (low) return " of at least " + plain(variable.minimum);
  return high ? " of at most " + plain(variable.maximum) : "";
}

[[noreturn]] void refuse(const Variable& variable, const std::string& value, const std::string& why,
                         const std::string& remedy) {
  const std::string shown = value.size() > 80 ? value.substr(0, 80) + "..." : value;
  throw Error(Fault::settings,
              variable.name + "=" + take_string(g_utf8_make_valid(shown.c_str(), -1)) + ": " + why,
              remedy);
}

template <typename T> T check_number(const Variable& variable, const std::string& value) {
  const std::string kind = std::is_integral_v<T> ? "a whole number" : "a number";
  const std::string remedy = "Give " + kind + range(variable) + ": " + variable.help + ".";
  T number{};
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc::invalid_argument || stop != end || !std::isfinite(double(number)))
    refuse(variable, value, "not " + kind, remedy);
  if (error == std::errc::result_out_of_range || double(number) < variable.minimum ||
      double(number) > variable.maximum)
    refuse(variable, value, "out of range", remedy);
  if (variable.step > 1 && static_cast<gint64>(number) % variable.step != 0)
    refuse(variable, value, "not a multiple of " + std::to_string(variable.step), remedy);
  return number;
}

std::string check_boolean(const Variable& variable, const std::string& value) {
  for (const char* word : {"true", "yes", "on", "1"})
    if (value == word) return "true";
  for (const char* word : {"false", "no", "off", "0"})
    if (value == word) return "false";
  refuse(variable, value, "neither true nor false", "Give true or false: " + variable.help + ".");
}

void check_ending(const Variable& variable, const std::string& value) {
  if (variable.choices.empty()) return;
  const std::string lower = take_string(g_ascii_strdown(value.c_str(), -1));
  for (const auto& ending : variable.choices)
    if (lower.size() > ending.size() && lower.ends_with(ending)) return;
  refuse(variable, value, "the file name has the wrong ending",
         "Give a name that ends in " + join(variable.choices, " or ") + ".");
}

void check_colour(const Variable& variable, const std::string& value) {
  const bool hex =
      value.size() == 7 && value[0] == '#' &&
      std::all_of(value.begin() + 1, value.end(), [](char c) { return bool(g_ascii_isxdigit(c)); });
  if (!hex)
    refuse(variable, value, "not a colour", "Write it like #2F5D50: " + variable.help + ".");
}

/// A brand is read here, so that what is wrong in it is a wrong value. Returns its whole path: it
/// goes along with the shots.
std::string check_brand(const std::string& name, const std::string& value) {
  if (!is_brand_file(value))
    throw Error(Fault::settings, name + "=" + value + ": not a brand file",
                "Give a .json file: docs/brand.md says what is in it.");
  try {
    return load_brand(value)->path;
  } catch (const Error& error) {
    Error told = error.in_words(name + "=" + error.what());
    told.fault = Fault::settings;
    throw told;
  }
}

void check_input(const Variable& variable, const std::string& value) {
  std::error_code error;
  const auto status = std::filesystem::status(value, error);
  if (!std::filesystem::exists(status))
    refuse(variable, value, "there is no such file", "Check the path: " + variable.help + ".");
  if (!std::filesystem::is_regular_file(status))
    refuse(variable, value, "not a file", "Give a file: " + variable.help + ".");
  if (access(value.c_str(), R_OK) != 0)
    refuse(variable, value, "the file cannot be read", "Check its permissions.");
}

} // namespace

bool Variable::is_number() const {
  return type == Type::integer || type == Type::number || type == Type::time;
}

std::string Variable::placeholder() const {
  switch (type) {
  case Type::string:
    return "TEXT";
  case Type::integer:
  case Type::number:
  case Type::time: {
    const std::string low = std::isfinite(minimum) ? plain(minimum) : "";
    const std::string high = std::isfinite(maximum) ? plain(maximum) : "";
    return low.empty() && high.empty() ? "NUMBER" : low + ".." + high;
  }
  case Type::boolean:
    return "true|false";
  case Type::choice:
    return join(choices, "|");
  case Type::colour:
    return "#RRGGBB";
  case Type::brand:
    return "FILE.json";
  case Type::input:
  case Type::output:
    return choices.empty() ? "FILE" : "FILE" + join(choices, "|");
  }
  return "";
}

std::string Variable::checked(const std::string& value) const {
  if (!g_utf8_validate(value.data(), static_cast<gssize>(value.size()), nullptr))
    refuse(*this, value, "not valid UTF-8", "Give the text in UTF-8.");
  if (std::all_of(value.begin(), value.end(), is_space))
    refuse(*this, value, "empty", "Give a value, or leave " + name + " out: " + help + ".");
  switch (type) {
  case Type::string:
    break;
  case Type::integer:
    // GStreamer reads 0720 as octal.
    return std::to_string(check_number<gint64>(*this, value));
  case Type::number:
  case Type::time:
    check_number<double>(*this, value);
    break;
  case Type::boolean:
    return check_boolean(*this, value);
  case Type::choice:
    if (std::find(choices.begin(), choices.end(), value) == choices.end())
      refuse(*this, value, "not one of its values", "Give one of " + join(choices, ", ") + ".");
    break;
  case Type::colour:
    check_colour(*this, value);
    break;
  case Type::brand:
    return check_brand(name, value);
  case Type::input:
    check_input(*this, value);
    check_ending(*this, value);
    break;
  case Type::output:
    check_ending(*this, value);
    break;
  }
  return value;
}

} // namespace aigc::runner
