// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts as people write them: where they may be cut, where they end, how they are joined, and what
// a mistyped word may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

/// Without the ASCII white space around it.
std::string_view trimmed(std::string_view text);

bool ends_a_sentence(std::string_view text);

/// Joins parts to flowing text, with the signs of their own writing between them.
std::string joined(const std::vector<std::string>& parts);

/// A name as fields have it: in small letters, with '-' for '_'.
std::string canonical(std::string_view name);

/// The candidates a mistyped word may have meant, for messages: "did you mean width?", or empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Whether `word` is likely a mistyped or shortened `name`, where any word is allowed.
bool is_mistyped(std::string_view word, std::string_view name);

} // namespace aigc
