// SPDX-License-Identifier: LGPL-2.1-or-later
// See text.h.
#include "text.h"

#include <algorithm>
#include <charconv>
#include <cstdarg>
#include <cstdio>

#include <glib.h>

namespace aigc::runner {

std::string format(const char* pattern, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string plain(double number) {
  char text[512]; // the largest double has 309 digits
  return {text, std::to_chars(text, text + sizeof text, number, std::chars_format::fixed).ptr};
}

std::string cost_text(const std::map<std::string, double>& cost) {
  std::string text;
  for (const auto& [currency, amount] : cost)
    text += (text.empty() ? "" : ", ") + format("%.2f ", amount) + currency;
  return text.empty() ? "none" : text;
}

int columns(const std::string& text) {
  int sum = 0;
  for (const char* at = text.c_str(); *at; at = g_utf8_next_char(at)) {
    const gunichar letter = g_utf8_get_char(at);
    sum += g_unichar_iszerowidth(letter) ? 0 : g_unichar_iswide(letter) ? 2 : 1;
  }
  return sum;
}

std::string padded(const std::string& text, int width) {
  return text + std::string(static_cast<size_t>(std::max(0, width - columns(text))), ' ');
}

} // namespace aigc::runner
