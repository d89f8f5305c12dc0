// SPDX-License-Identifier: LGPL-2.1-or-later
// See reading.h.
#include "service/preview/reading.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace aigc::preview {
namespace {

enum class Kind { subject, place, weather, light, motion, particle, mood, style, stop };

struct Meaning {
  Kind kind;
  const Names* names = nullptr;
  const Subject* subject = nullptr;
};

/// The names of one language with what they stand for.
struct Lexicon {
  std::unordered_map<std::string_view, Meaning> terms;
  size_t longest = 0; ///< bytes

  void add(std::string_view names, const Meaning& meaning) {
    while (!names.empty()) {
      const size_t bar = std::min(names.find('|'), names.size());
      terms.emplace(names.substr(0, bar), meaning);
      longest = std::max(longest, bar);
      names.remove_prefix(std::min(bar + 1, names.size()));
    }
  }
  const Meaning* find(std::string_view term) const {
    const auto found = terms.find(term);
    return found == terms.end() ? nullptr : &found->second;
  }
};

Lexicon make_lexicon(const char* Names::*language) {
  Lexicon lexicon;
  const auto add_all = [&](std::span<const Names> table, Kind kind) {
    for (const Names& names : table)
      lexicon.add(names.*language, {kind, &names});
  };
  for (const Subject& subject : subjects())
    lexicon.add(subject.names.*language, {Kind::subject, &subject.names, &subject});
  add_all(places(), Kind::place);
  add_all(weathers(), Kind::weather);
  add_all(lights(), Kind::light);
  add_all(motions(), Kind::motion);
  add_all(particles(), Kind::particle);
  add_all(moods(), Kind::mood);
  for (const Style& style : styles())
    lexicon.add(style.names.*language, {Kind::style, &style.names});
  lexicon.add(stop_words().*language, {Kind::stop, &stop_words()});
  return lexicon;
}

const Lexicon& lexicon(Tongue tongue) {
  static const Lexicon zh = make_lexicon(&Names::zh);
  static const Lexicon en = make_lexicon(&Names::en);
  static const Lexicon ja = make_lexicon(&Names::ja);
  return tongue == Tongue::zh ? zh : tongue == Tongue::ja ? ja : en;
}

struct Letter {
  char32_t code;
  size_t bytes;
};

/// Invalid bytes read as one replacement character each.
Letter letter_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned { return static_cast<unsigned char>(text[at + i]); };
  const unsigned lead = byte(0);
  const size_t length = lead < 0x80    ? 1
                        : lead >= 0xf0 ? 4
                        : lead >= 0xe0 ? 3
                        : lead >= 0xc0 ? 2
                                       : 0;
  if (length == 0 || at + length > text.size()) return {0xfffd, 1};
  if (length == 1) return {lead, 1};
  char32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i)
    code = code << 6 | (byte(i) & 0x3f);
  return {code, length};
}

bool is_kana(char32_t c) {
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x31ff);
}
bool is_hiragana(char32_t c) {
  return c >= 0x3040 && c <= 0x309f;
}
bool is_han(char32_t c) {
  return (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0x20000 && c <= 0x3ffff);
}
bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

/// Letters of scripts that put spaces between words.
bool is_spaced_letter(char32_t c) {
  if (c < 0x80) return g_ascii_isalnum(static_cast<gchar>(c)) || c == '-' || c == '\'';
  return (c >= 0xc0 && c < 0x2000 && c != 0xd7 && c != 0xf7) || (c >= 0xac00 && c <= 0xd7af);
}

std::optional<char32_t> closing_quote(char32_t c) {
  switch (c) {
  case U'“':
    return U'”';
  case U'「':
    return U'」';
  case U'『':
    return U'』';
  case U'《':
    return U'》';
  case U'"':
    return U'"';
  default:
    return {};
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = g_ascii_tolower(c);
  return result;
}

/// The meanings of an English term: itself, then without a plural ending.
const Meaning* find_english(const std::string& term) {
  const Lexicon& words = lexicon(Tongue::en);
  if (const Meaning* meaning = words.find(term)) return meaning;
  const auto without = [&](size_t cut, const char* add) {
    return term.size() > cut + 1 ? words.find(term.substr(0, term.size() - cut) + add) : nullptr;
  };
  if (term.ends_with("'s")) return without(2, "");
  if (!term.ends_with('s') || term.ends_with("ss")) return nullptr;
  const Meaning* meaning = without(1, "");
  if (!meaning && term.ends_with("es")) meaning = without(2, "");
  if (!meaning && term.ends_with("ies")) meaning = without(3, "y");
  if (!meaning && term.ends_with("ves")) meaning = without(3, "f");
  return meaning;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    for (size_t at = 0; at < text.size(); at += letter_at(text, at).bytes)
      japanese_ |= is_kana(letter_at(text, at).code);
  }

  Reading read() {
    while (at_ < text_.size())
      step();
    flush();
    return std::move(reading_);
  }

 private:
  void step() {
    const Letter letter = letter_at(text_, at_);
    if (const auto closing = closing_quote(letter.code); closing && take_quote(letter, *closing))
      return;
    if (is_han(letter.code) || is_kana(letter.code) || letter.code == U'Ｕ')
      return step_unspaced(letter);
    if (is_spaced_letter(letter.code)) return step_spaced();
    // White space between two unknown words keeps them together; any other sign parts them.
    if (letter.code != ' ') flush();
    at_ += letter.bytes;
  }

  /// What stands in quotes is shown as it is, and read as well.
  bool take_quote(const Letter& opening, char32_t closing) {
    const size_t start = at_ + opening.bytes;
    for (size_t at = start; at < text_.size() && at < start + 120;
         at += letter_at(text_, at).bytes) {
      if (letter_at(text_, at).code != closing) continue;
      flush();
      if (at > start) reading_.unknown.emplace_back(text_.substr(start, at - start));
      at_ = at + letter_at(text_, at).bytes;
      return true;
    }
    return false;
  }

  void step_unspaced(const Letter& letter) {
    const Lexicon& words = lexicon(japanese_ ? Tongue::ja : Tongue::zh);
    for (size_t length = std::min(words.longest, text_.size() - at_); length > 0; --length) {
      const Meaning* meaning = words.find(text_.substr(at_, length));
      if (!meaning) continue;
      flush();
      note(*meaning);
      at_ += length;
      return;
    }
    if (spaced_pending_) flush();
    pend(at_, at_ + letter.bytes);
    at_ += letter.bytes;
  }

  size_t word_end(size_t at) const {
    while (at < text_.size() && is_spaced_letter(letter_at(text_, at).code))
      at += letter_at(text_, at).bytes;
    return at;
  }

  /// Tries four words at once, then three, two, one.
  void step_spaced() {
    std::vector<std::string> phrases;
    std::vector<size_t> ends;
    std::string phrase;
    for (size_t at = at_;
         phrases.size() < 5 && at < text_.size() && is_spaced_letter(letter_at(text_, at).code);) {
      const size_t end = word_end(at);
      phrase += (phrase.empty() ? "" : " ") + lower(text_.substr(at, end - at));
      phrases.push_back(phrase);
      ends.push_back(end);
      at = end + (end < text_.size() && text_[end] == ' ' ? 1 : 0);
      if (at == end) break;
    }
    for (size_t i = phrases.size(); i-- > 0;) {
      const Meaning* meaning = find_english(phrases[i]);
      if (!meaning) continue;
      flush();
      note(*meaning);
      at_ = ends[i];
      return;
    }
    if (!spaced_pending_) flush();
    const bool number = std::all_of(phrases[0].begin(), phrases[0].end(), [](char c) {
      return is_digit(static_cast<unsigned char>(c)) || c == '-';
    });
    if (!number) {
      pend(at_, ends[0]);
      spaced_pending_ = true;
    }
    at_ = ends[0];
  }

  void pend(size_t from, size_t to) {
    if (pending_from_ == pending_to_) pending_from_ = from;
    pending_to_ = to;
  }

  /// Ends the current run of unknown words.
  void flush() {
    const std::string_view run = text_.substr(pending_from_, pending_to_ - pending_from_);
    pending_from_ = pending_to_ = 0;
    spaced_pending_ = false;
    if (run.empty()) return;
    size_t letters = 0;
    bool hiragana = true;
    for (size_t at = 0; at < run.size(); at += letter_at(run, at).bytes, ++letters)
      hiragana &= is_hiragana(letter_at(run, at).code);
    // One or two hiragana between known words are grammar, not a noun.
    if (hiragana && letters <= 2) return;
    if (std::find(reading_.unknown.begin(), reading_.unknown.end(), run) == reading_.unknown.end())
      reading_.unknown.emplace_back(run);
  }

  void note(const Meaning& meaning) {
    const auto once = [&](std::vector<std::string>& list) {
      if (std::find(list.begin(), list.end(), meaning.names->id) == list.end())
        list.emplace_back(meaning.names->id);
    };
    switch (meaning.kind) {
    case Kind::subject: {
      auto& list = reading_.subjects;
      if (std::find(list.begin(), list.end(), meaning.subject) == list.end())
        list.push_back(meaning.subject);
      break;
    }
    case Kind::place:
      return once(reading_.places);
    case Kind::weather:
      return once(reading_.weathers);
    case Kind::light:
      return once(reading_.lights);
    case Kind::motion:
      return once(reading_.motions);
    case Kind::particle:
      return once(reading_.particles);
    case Kind::mood:
      return once(reading_.moods);
    case Kind::style:
      return once(reading_.styles);
    case Kind::stop:
      break;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t pending_from_ = 0;
  size_t pending_to_ = 0;
  bool spaced_pending_ = false;
  bool japanese_ = false;
  Reading reading_;
};

} // namespace

Tongue tongue_of(std::string_view text, std::string_view asked) {
  if (asked.starts_with("zh")) return Tongue::zh;
  if (asked.starts_with("ja")) return Tongue::ja;
  if (!asked.empty() && asked != "auto") return Tongue::en;
  Tongue found = Tongue::en;
  for (size_t at = 0; at < text.size(); at += letter_at(text, at).bytes) {
    const char32_t code = letter_at(text, at).code;
    if (is_kana(code)) return Tongue::ja;
    if (is_han(code)) found = Tongue::zh;
  }
  return found;
}

Reading read_words(std::string_view text) {
  return Reader(text).read();
}

std::string fitting_motion(const Reading& reading) {
  if (reading.subjects.empty()) return reading.places.empty() ? "push_in" : "pan_right";
  switch (reading.subjects.front()->role) {
  case Role::building:
  case Role::tall:
    return "crane_up";
  case Role::vehicle:
  case Role::water:
    return "pan_right";
  case Role::sky:
    return "pull_out";
  case Role::table:
    return "orbit";
  default:
    return "push_in";
  }
}

const Style* find_style(std::string_view name) {
  for (const Style& style : styles())
    if (name == style.names.id) return &style;
  const Reading reading = read_words(name);
  if (reading.styles.empty()) return nullptr;
  for (const Style& style : styles())
    if (reading.styles.front() == style.names.id) return &style;
  return nullptr;
}

} // namespace aigc::preview
