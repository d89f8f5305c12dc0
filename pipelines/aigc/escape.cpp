// SPDX-License-Identifier: LGPL-2.1-or-later
// Quoting rules, written against the lexer of GStreamer's launch parser and its value reader.
#include "escape.h"

#include <cstdio>
#include <utility>

#include <glib.h>

namespace aigc::runner {
namespace {

std::string backslashed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// The form gst_value_deserialize() unwraps: everything but plain characters as octal.
std::string wrapped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (g_ascii_isalnum(c)) {
      out += c;
      continue;
    }
    char octal[5];
    std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned char>(c));
    out += octal;
  }
  return out + "\"";
}

/// Texts the plain form cannot carry. The lexer takes the longest match, so a backslash before the
/// closing quote lets it run on to the next quote of the line; a leading quote starts the wrapped
/// form; NULL and the empty text mean "no string".
bool needs_wrapping(std::string_view text) {
  return text.empty() || text.front() == '"' || text.back() == '\\' || text == "NULL";
}

} // namespace

std::string launch_quote(std::string_view text) {
  const std::string value = needs_wrapping(text) ? wrapped(text) : std::string(text);
  return '"' + backslashed(value) + '"';
}

std::string shell_quote(std::string_view text) {
  static constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789_-+=./:,@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos)
    return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::vector<std::string> launch_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, escaped = false;
  for (const char c : line) {
    if (!quoted && g_ascii_isspace(c)) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
      continue;
    }
    word += c;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

} // namespace aigc::runner
