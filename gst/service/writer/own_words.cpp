// SPDX-License-Identifier: LGPL-2.1-or-later
// See own_words.h.
#include "service/writer/own_words.h"

#include "base/ref.h"
#include "base/words.h"
#include "shot/shot.h"

#include <algorithm>
#include <set>

namespace aigc {

namespace {

constexpr size_t kMostPieces = 200;

struct Quotes {
  std::string_view open;
  std::string_view close;
};
constexpr Quotes kQuotes[] = {{"“", "”"},   {"\"", "\""}, {"「", "」"}, {"『", "』"}, {"《", "》"},
                              {"〈", "〉"}, {"«", "»"},   {"„", "“"},   {"‘", "’"},   {"'", "'"}};

/// Words that begin sentences with a capital and are no names.
const std::set<std::string, std::less<>> kNoNames = {
    "a",     "an",   "the",  "this",  "that", "these", "those", "there", "here",   "it",   "he",
    "she",   "they", "we",   "you",   "i",    "my",    "his",   "her",   "their",  "our",  "its",
    "in",    "on",   "at",   "of",    "by",   "to",    "from",  "with",  "under",  "over", "into",
    "as",    "and",  "or",   "but",   "when", "while", "where", "after", "before", "one",  "two",
    "three", "four", "five", "some",  "many", "all",   "no",    "close", "wide",   "slow", "make",
    "show",  "film", "shot", "video", "ein",  "eine",  "der",   "die",   "das",    "im",   "am",
    "le",    "la",   "les",  "un",    "une",  "el",    "los",   "una",   "il",     "lo",   "uma"};

/// Walks over characters.
struct Cursor {
  std::string_view text;
  size_t at = 0;
  bool end() const { return at >= text.size(); }
  gunichar peek() const { return end() ? 0 : g_utf8_get_char(text.data() + at); }
  void next() { at += g_utf8_skip[static_cast<guchar>(text[at])]; }
};

bool is_wide(gunichar c) {
  return c >= 0x1100 && g_unichar_iswide(c);
}

/// A letter or digit of a script that puts spaces between words.
bool is_word(gunichar c) {
  return c && g_unichar_isalnum(c) && !is_wide(c);
}

bool has_wide_letters(std::string_view text) {
  size_t wide = 0, narrow = 0;
  for (Cursor cursor{text}; !cursor.end(); cursor.next()) {
    if (!g_unichar_isalpha(cursor.peek())) continue;
    ++(is_wide(cursor.peek()) ? wide : narrow);
  }
  return wide * 2 > narrow; // a wide character says about what a short word does
}

struct Piece {
  std::string text;
  bool quoted = false;
  bool head = false; ///< one word at the head of a sentence, whose capital may come from there
  bool operator==(const Piece& other) const { return text == other.text; }
};

struct Word {
  std::string_view text;
  size_t begin = 0;
  bool digit = false;
  bool capital = false;
  bool first = false;  ///< of a sentence
  bool joined = false; ///< only blanks between it and the word before
};

bool ends_sentence(gunichar c) {
  return c == '.' || c == '!' || c == '?' || c == ':' || c == '\n' || c == 0x3002 || c == 0xFF01 ||
         c == 0xFF1F;
}

/// A sign that belongs to the word or number it stands in.
bool binds(gunichar before, gunichar sign, gunichar after) {
  if (!is_word(before) || !is_word(after)) return false;
  if (sign == '\'' || sign == 0x2019 || sign == '-' || sign == '&') return true;
  return (sign == '.' || sign == ',' || sign == ':' || sign == '/') && g_unichar_isdigit(before) &&
         g_unichar_isdigit(after);
}

Word read_word(Cursor& cursor) {
  Word word{.begin = cursor.at};
  gunichar before = 0;
  while (!cursor.end()) {
    const gunichar c = cursor.peek();
    if (!is_word(c)) {
      Cursor ahead = cursor;
      ahead.next();
      if (!binds(before, c, ahead.peek())) break;
    }
    word.digit = word.digit || g_unichar_isdigit(c);
    word.capital = word.capital || g_unichar_isupper(c);
    before = c;
    cursor.next();
  }
  word.text = cursor.text.substr(word.begin, cursor.at - word.begin);
  return word;
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  bool first = true, joined = false;
  for (Cursor cursor{text}; !cursor.end();) {
    const gunichar c = cursor.peek();
    if (is_word(c)) {
      Word word = read_word(cursor);
      word.first = first;
      word.joined = joined;
      words.push_back(word);
      first = false;
      joined = true;
      continue;
    }
    if (ends_sentence(c)) first = true;
    if (c != ' ') joined = false;
    cursor.next();
  }
  return words;
}

/// What lies between quotes, outermost pairs only. An apostrophe is no quote.
std::vector<std::string> quoted_of(std::string_view text) {
  std::vector<std::string> passages;
  gunichar before = 0;
  for (Cursor cursor{text}; !cursor.end(); cursor.next()) {
    const std::string_view rest = text.substr(cursor.at);
    for (const Quotes& pair : kQuotes) {
      if (!rest.starts_with(pair.open)) continue;
      if ((pair.open == "'" || pair.open == "‘") && is_word(before)) continue;
      const size_t close = rest.find(pair.close, pair.open.size());
      if (close == std::string_view::npos || close == pair.open.size()) continue;
      passages.emplace_back(rest.substr(pair.open.size(), close - pair.open.size()));
      cursor.at += close;
      break;
    }
    before = cursor.peek();
  }
  return passages;
}

std::string lower(std::string_view text) {
  return take_string(g_utf8_strdown(text.data(), static_cast<gssize>(text.size())));
}

/// A single capital word at the head of a sentence may be any word: "Dancing", "Anna".
bool is_name(const Word& word, bool amid_wide) {
  if (amid_wide) return word.text.size() > 1;
  return word.capital && !kNoNames.contains(lower(word.text));
}

std::vector<Piece> names_of(std::string_view text) {
  const bool amid_wide = has_wide_letters(text);
  std::vector<Piece> names;
  bool open = false; // the last name goes on with the next word
  size_t begin = 0;
  for (const Word& word : words_of(text)) {
    const bool name = !word.digit && is_name(word, amid_wide);
    if (name && open && word.joined && !word.first) {
      names.back() = {.text =
                          std::string(text.substr(begin, word.begin + word.text.size() - begin))};
      continue;
    }
    open = name;
    begin = word.begin;
    if (name || word.digit)
      names.push_back({.text = std::string(word.text), .head = word.first && !word.digit});
  }
  return names;
}

/// `piece` stands in `text` by itself, not inside another word or number.
bool stands_in(std::string_view text, std::string_view piece) {
  for (size_t at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) {
    const char* start = text.data() + at;
    const char* before = at > 0 ? g_utf8_find_prev_char(text.data(), start) : nullptr;
    const Cursor after{text, at + piece.size()};
    const bool begins =
        !before || !is_word(g_utf8_get_char(before)) || !is_word(g_utf8_get_char(start));
    const char* last = g_utf8_find_prev_char(start, start + piece.size());
    const bool ends = !is_word(after.peek()) || !last || !is_word(g_utf8_get_char(last));
    if (begins && ends) return true;
  }
  return false;
}

/// How a list of the user's own words is put, by the writing of the description.
struct Label {
  const char* before;
  const char* comma;
  const char* stop;
};

Label label_for(std::string_view description) {
  if (!has_wide_letters(description)) return {"In the user's own words: ", ", ", "."};
  for (Cursor cursor{description}; !cursor.end(); cursor.next()) {
    const GUnicodeScript script = g_unichar_get_script(cursor.peek());
    if (script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA)
      return {"原文のまま：", "、", "。"};
    if (script == G_UNICODE_SCRIPT_HANGUL) return {"원문 그대로: ", ", ", "."};
  }
  return {"保留原文：", "、", "。"};
}

/// Quoted is only what the user quoted: image models paint what stands between quotes.
std::string pieces_behind(const std::vector<Piece>& missing, std::string_view description) {
  const Label label = label_for(description);
  std::string text = label.before;
  for (const Piece& piece : missing) {
    if (&piece != &missing.front()) text += label.comma;
    text += piece.quoted ? "“" + piece.text + "”" : piece.text;
  }
  return text + label.stop;
}

std::vector<Piece> pieces_of(std::string_view script) {
  std::vector<Piece> pieces;
  for (std::string& passage : quoted_of(script))
    pieces.push_back({.text = std::move(passage), .quoted = true});
  for (Piece& name : names_of(script))
    pieces.push_back(std::move(name));
  std::vector<Piece> unique;
  for (Piece& piece : pieces)
    if (unique.size() < kMostPieces &&
        std::find(unique.begin(), unique.end(), piece) == unique.end())
      unique.push_back(std::move(piece));
  return unique;
}

} // namespace

std::vector<std::string> own_words(std::string_view script) {
  std::vector<std::string> words;
  for (Piece& piece : pieces_of(script))
    words.push_back(std::move(piece.text));
  return words;
}

std::string keep_own_words(const std::string& script, const std::string& description) {
  if (!g_utf8_validate_len(script.data(), script.size(), nullptr)) return description;
  const std::string folded = lower(description);
  std::vector<Piece> missing;
  for (Piece& piece : pieces_of(script))
    if (!stands_in(description, piece.text) &&
        !(piece.head && stands_in(folded, lower(piece.text))))
      missing.push_back(std::move(piece));
  if (missing.empty()) return description;
  const bool wide = has_wide_letters(description);
  if (wide == has_wide_letters(script) && script.size() <= kMaxTextBytes / 2) {
    const char* stop = ends_a_sentence(script) ? (wide ? "" : " ") : (wide ? "。" : ". ");
    return std::string(bounded(script + stop + description, kMaxTextBytes));
  }
  const std::string behind(bounded(pieces_behind(missing, description), kMaxTextBytes / 2));
  const char* gap = wide || description.empty() ? "" : " ";
  return std::string(bounded(description, kMaxTextBytes - behind.size() - 1)) + gap + behind;
}

} // namespace aigc
