// SPDX-License-Identifier: LGPL-2.1-or-later
// See answer.h.
#include "service/writer/answer.h"

#include "base/ref.h"
#include "base/words.h"
#include "service/writer/loose_json.h"
#include "shot/shot.h"

#include <algorithm>
#include <vector>

namespace aigc {

namespace {

constexpr int kMostCandidates = 64; ///< braces that are tried as the beginning of the object
constexpr size_t kLongestMood = 200;

/// Letters in lower case only: models spell "negative_prompt" in many ways.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (g_ascii_isalpha(c)) plain += g_ascii_tolower(c);
  return plain;
}

/// Without "- ", "* ", "• ", "1. " or "2) " in front.
std::string_view without_bullet(std::string_view line) {
  for (const std::string_view bullet : {"- ", "* ", "• ", "· "})
    if (line.starts_with(bullet)) return trimmed(line.substr(bullet.size()));
  size_t digits = 0;
  while (digits < line.size() && digits < 2 && g_ascii_isdigit(line[digits]))
    ++digits;
  if (digits == 0) return line;
  for (const std::string_view sign : {". ", ") ", "、"})
    if (line.substr(digits).starts_with(sign)) return trimmed(line.substr(digits + sign.size()));
  return line;
}

/// One line of flowing text: lists lose their bullets, emphasis its stars, a single line stays.
std::string flowing(std::string_view raw) {
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw.substr(i, 2) == "**")
      ++i;
    else
      text += raw[i];
  }
  std::vector<std::string> lines;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.emplace_back(trimmed(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  std::erase(lines, "");
  if (lines.size() > 1)
    for (std::string& line : lines)
      line = std::string(without_bullet(line));
  std::string line = joined(lines);
  for (char& c : line)
    if (g_ascii_iscntrl(c)) c = ' ';
  return std::string(bounded(trimmed(line), kMaxTextBytes));
}

/// Any value as flowing text: lists and objects of parts are joined.
std::string text_of(const LooseValue& value) {
  if (value.kind == LooseValue::Kind::text || value.kind == LooseValue::Kind::number)
    return flowing(value.text);
  std::vector<std::string> parts;
  for (const LooseValue& item : value.items)
    parts.push_back(text_of(item));
  for (const auto& [name, member] : value.members)
    parts.push_back(text_of(member));
  return std::string(bounded(joined(parts), kMaxTextBytes));
}

std::string keyframe_of(const LooseValue& value) {
  if (value.kind == LooseValue::Kind::boolean) return value.truth ? "always" : "never";
  const std::string word = plain_name(text_of(value));
  for (const char* yes : {"always", "yes", "true", "needed", "required"})
    if (word == yes) return "always";
  for (const char* no : {"never", "no", "false", "none"})
    if (word == no) return "never";
  return word == "auto" ? "auto" : "";
}

Written written_of(const LooseValue& object) {
  Written written;
  for (const auto& [name, value] : object.members) {
    const std::string plain = plain_name(name);
    if (plain == "prompt" && written.prompt.empty()) {
      written.prompt = text_of(value);
      written.complete = value.closed;
    } else if (plain == "negativeprompt" || plain == "negative") {
      written.negative_prompt = text_of(value);
    } else if (plain == "motionprompt" || plain == "motion") {
      written.motion_prompt = text_of(value);
    } else if (plain == "keyframe") {
      written.keyframe = keyframe_of(value);
    } else if (plain == "mood") {
      written.mood = std::string(bounded(text_of(value), kLongestMood));
    }
  }
  return written;
}

/// What local servers leave in front of an answer: the model's thoughts.
std::string_view without_thoughts(std::string_view content) {
  constexpr std::string_view kOpen = "<think>", kClose = "</think>";
  if (const size_t end = content.rfind(kClose); end != std::string_view::npos)
    return trimmed(content.substr(end + kClose.size()));
  return content.starts_with(kOpen) ? std::string_view() : content;
}

/// The inside of the first code fence, or all.
std::string_view without_fence(std::string_view content) {
  const size_t open = content.find("```");
  if (open == std::string_view::npos) return content;
  const size_t line = content.find('\n', open);
  if (line == std::string_view::npos) return content.substr(0, open);
  return trimmed(content.substr(line + 1, content.find("```", line) - line - 1));
}

/// Prose without fences, quotes around all of it or a label in front.
std::string prose_of(std::string_view content) {
  content = without_fence(content);
  for (const std::string_view label : {"Prompt:", "prompt:", "提示词：", "提示词:"})
    if (content.starts_with(label)) content = trimmed(content.substr(label.size()));
  if (content.size() > 2 && content.front() == '"' && content.back() == '"' &&
      content.substr(1, content.size() - 2).find('"') == std::string_view::npos)
    content = content.substr(1, content.size() - 2);
  return flowing(content);
}

/// True when there is something to read in it, not only brackets and signs.
bool has_words(std::string_view text) {
  for (const char* at = text.data(); at < text.data() + text.size(); at = g_utf8_next_char(at))
    if (g_unichar_isalpha(g_utf8_get_char(at))) return true;
  return false;
}

/// A dot within a number or a name, such as f/1.8; after a last digit more of the number may have
/// been cut off.
bool is_inner_dot(std::string_view text, size_t at) {
  if (text[at] != '.' || at == 0 || !g_ascii_isalnum(text[at - 1])) return false;
  if (at + 1 == text.size()) return g_ascii_isdigit(text[at - 1]);
  return g_ascii_isalnum(text[at + 1]);
}

/// Where a sentence ends with `sign` for the last time, or npos.
size_t last_end(std::string_view text, std::string_view sign) {
  size_t at = text.rfind(sign);
  while (at != std::string_view::npos && is_inner_dot(text, at))
    at = at > 0 ? text.rfind(sign, at - 1) : std::string_view::npos;
  return at;
}

/// Cuts what was cut off in the middle back to the last whole sentence, or the last whole word.
std::string end_well(std::string text) {
  size_t sentence = 0;
  for (const std::string_view sign : kSentenceEnds)
    if (const size_t at = last_end(text, sign); at != std::string::npos)
      sentence = std::max(sentence, at + sign.size());
  if (sentence * 2 >= text.size()) return text.substr(0, sentence);
  size_t word = 0;
  for (const std::string_view sign : {" ", "，", "、", ","})
    if (const size_t at = text.rfind(sign); at != std::string::npos) word = std::max(word, at);
  return word * 2 >= text.size() && word > 0 ? text.substr(0, word) : text;
}

} // namespace

Written read_answer(std::string_view content, bool cut) {
  std::string valid(content);
  std::erase(valid, '\0');
  valid = take_string(g_utf8_make_valid(valid.data(), static_cast<gssize>(valid.size())));
  const std::string_view text = without_thoughts(trimmed(valid));
  size_t brace = text.find('{');
  for (int tried = 0; brace != std::string_view::npos && tried < kMostCandidates; ++tried) {
    Written written = written_of(read_loose_json(text.substr(brace)));
    if (has_words(written.prompt)) {
      if (!written.complete) written.prompt = end_well(std::move(written.prompt));
      return written;
    }
    brace = text.find('{', brace + 1);
  }
  Written written;
  // What begins as an object but has no prompt is a failed answer, not a description.
  const std::string_view inside = without_fence(text);
  if (inside.starts_with('{') || inside.starts_with('[')) return written;
  written.prompt = prose_of(text);
  if (cut) written.prompt = end_well(std::move(written.prompt));
  if (!has_words(written.prompt)) written.prompt.clear();
  return written;
}

} // namespace aigc
