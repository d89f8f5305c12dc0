// SPDX-License-Identifier: LGPL-2.1-or-later
// Where texts may be cut, and where they end.
#pragma once

#include <string_view>

namespace aigc {

/// At most `longest` bytes of UTF-8, cut between characters.
inline std::string_view bounded(std::string_view text, size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80)
    --longest;
  return text.substr(0, longest);
}

inline constexpr std::string_view kSentenceEnds[] = {"。", "！", "？", "…", ".",
                                                     "!",  "?",  "；", ";"};

inline bool ends_a_sentence(std::string_view text) {
  for (const std::string_view sign : kSentenceEnds)
    if (text.ends_with(sign)) return true;
  return false;
}

} // namespace aigc
