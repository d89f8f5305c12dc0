// SPDX-License-Identifier: LGPL-2.1-or-later
// See words.h.
#include "base/words.h"

#include <algorithm>

#include <glib.h>

namespace aigc {

namespace {

/// True when the text ends in a sign or letter of Chinese or Japanese, which take no space.
bool ends_wide(std::string_view text) {
  size_t start = text.size();
  while (start > 0 && (static_cast<unsigned char>(text[--start]) & 0xC0) == 0x80) {
  }
  const gunichar c =
      g_utf8_get_char_validated(text.data() + start, static_cast<gssize>(text.size() - start));
  return c < 0x110000 && g_unichar_iswide(c);
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, changed});
    }
  }
  return row.back();
}

} // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && g_ascii_isspace(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && g_ascii_isspace(text.back()))
    text.remove_suffix(1);
  return text;
}

bool ends_a_sentence(std::string_view text) {
  for (const std::string_view sign : kSentenceEnds)
    if (text.ends_with(sign)) return true;
  return false;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) {
      const bool wide = ends_wide(text);
      const bool sentence = ends_a_sentence(text) || text.ends_with(',') || text.ends_with("，") ||
                            text.ends_with("、") || text.ends_with(':') || text.ends_with("：");
      text += sentence ? (wide ? "" : " ") : (wide ? "，" : ", ");
    }
    text += part;
  }
  return text;
}

std::string canonical(std::string_view name) {
  std::string same(name);
  for (char& c : same)
    c = c == '_' ? '-' : g_ascii_tolower(c);
  return same;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string found;
  for (const auto& candidate : candidates) {
    const bool near = edit_distance(word, candidate) <= (candidate.size() < 4 ? 1 : 2);
    const bool starts = word.size() >= 2 && candidate.starts_with(word);
    if (near || starts) found += (found.empty() ? "" : " or ") + candidate;
  }
  return found.empty() ? "" : "did you mean " + found + "?";
}

bool is_mistyped(std::string_view word, std::string_view name) {
  const bool shortened = word.size() >= 4 && name.starts_with(word);
  return shortened || edit_distance(word, name) * 5 <= name.size() * 2;
}

} // namespace aigc
