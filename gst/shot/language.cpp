// SPDX-License-Identifier: LGPL-2.1-or-later
// See language.h.
#include "shot/language.h"

#include "base/error.h"
#include "base/words.h"

#include <algorithm>
#include <array>
#include <utility>

#include <glib.h>

namespace aigc {

namespace {

/// Of two letters, ISO 639-1. A typing error here would be paid for in every row.
constexpr std::string_view kCodes =
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy "
    "hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg "
    "li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or "
    "os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta "
    "te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// What is written where one of the codes above is meant: names, countries, codes of three letters.
constexpr std::array<std::pair<std::string_view, std::string_view>, 51> kMeant{{
    {"ara", "ar"},     {"arabic", "ar"},   {"bra", "pt-BR"},     {"chi", "zh"},
    {"chinese", "zh"}, {"cn", "zh"},       {"cz", "cs"},         {"czech", "cs"},
    {"danish", "da"},  {"deu", "de"},      {"dk", "da"},         {"dutch", "nl"},
    {"eng", "en"},     {"english", "en"},  {"fra", "fr"},        {"french", "fr"},
    {"fre", "fr"},     {"gb", "en-GB"},    {"ger", "de"},        {"german", "de"},
    {"greek", "el"},   {"hebrew", "he"},   {"hin", "hi"},        {"hindi", "hi"},
    {"hk", "zh-HK"},   {"ind", "id"},      {"ita", "it"},        {"italian", "it"},
    {"iw", "he"},      {"japanese", "ja"}, {"jp", "ja"},         {"jpn", "ja"},
    {"kor", "ko"},     {"korean", "ko"},   {"mandarin", "zh"},   {"mx", "es-MX"},
    {"polish", "pl"},  {"por", "pt"},      {"portuguese", "pt"}, {"rus", "ru"},
    {"russian", "ru"}, {"spa", "es"},      {"spanish", "es"},    {"swedish", "sv"},
    {"thai", "th"},    {"turkish", "tr"},  {"ua", "uk"},         {"ukrainian", "uk"},
    {"us", "en-US"},   {"vn", "vi"},       {"zho", "zh"},
}};

std::string_view meant_by(std::string_view word) {
  const auto* found = std::find_if(kMeant.begin(), kMeant.end(),
                                   [&](const auto& pair) { return pair.first == word; });
  return found == kMeant.end() ? std::string_view() : found->second;
}

bool is_known(std::string_view code) {
  // There are thousands of three letters, and few of them are typed by mistake.
  if (code.size() == 3) return meant_by(code).empty();
  return code.size() == 2 && kCodes.find(code) != kCodes.npos;
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_alphanumeric(char c) {
  return g_ascii_isalnum(c);
}

} // namespace

bool is_language(std::string_view word) {
  const std::string_view code = word.substr(0, word.find('-'));
  if (!std::all_of(code.begin(), code.end(), is_lower)) return false;
  if (!is_known(code)) return false;
  for (std::string_view rest = word.substr(code.size()); !rest.empty();) {
    const std::string_view part = rest.substr(1, rest.find('-', 1) - 1);
    const bool plain = std::all_of(part.begin(), part.end(), is_alphanumeric);
    if (part.empty() || part.size() > 8 || !plain) return false;
    rest.remove_prefix(part.size() + 1);
  }
  return true;
}

std::string language_remedy(std::string_view word) {
  const std::string lower = canonical(word);
  std::string meant(meant_by(lower));
  if (meant.empty() && is_language(lower)) meant = lower;
  if (!meant.empty()) return "did you mean " + meant + "?";
  return "give codes such as zh, en or pt-BR";
}

std::vector<std::string> read_languages(std::string_view text) {
  const auto refuse = [&](const std::string& what, const std::string& remedy) {
    throw Error(Fault::settings, "languages=" + std::string(text) + ": " + what, remedy);
  };
  std::vector<std::string> languages;
  for (size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find(',', begin);
    const std::string word(trimmed(text.substr(begin, end - begin)));
    if (!is_language(word)) refuse("'" + word + "' is no language", language_remedy(word));
    if (std::find(languages.begin(), languages.end(), word) != languages.end())
      refuse(word + " is there twice", "give it once");
    languages.push_back(word);
  }
  return languages;
}

std::string run_of(std::string_view language, unsigned turn) {
  std::string run;
  if (!language.empty()) run.append(".").append(language);
  if (turn > 1) run.append("~").append(std::to_string(turn));
  return run;
}

bool ends_as_in_turn(std::string_view id) {
  const size_t mark = id.rfind('~');
  return mark != id.npos && mark + 1 < id.size() &&
         id.find_first_not_of("0123456789", mark + 1) == id.npos;
}

} // namespace aigc
