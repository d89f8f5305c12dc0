// SPDX-License-Identifier: LGPL-2.1-or-later
// See language.h.
#include "language.h"

#include "base/error.h"
#include "job_file.h"

#include <algorithm>

namespace aigc::runner {
namespace {

/// Of two letters, ISO 639-1. A typing error here would be paid for in every row.
constexpr std::string_view kCodes =
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy "
    "hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg "
    "li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or "
    "os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta "
    "te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

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
  const bool known = code.size() == 3 || (code.size() == 2 && kCodes.find(code) != code.npos);
  if (!known) return false;
  for (std::string_view rest = word.substr(code.size()); !rest.empty();) {
    const std::string_view part = rest.substr(1, rest.find('-', 1) - 1);
    const bool plain = std::all_of(part.begin(), part.end(), is_alphanumeric);
    if (part.empty() || part.size() > 8 || !plain) return false;
    rest.remove_prefix(part.size() + 1);
  }
  return true;
}

std::vector<std::string> read_languages(std::string_view text) {
  std::vector<std::string> languages;
  for (const auto& word : split(text, ',')) {
    if (!is_language(word))
      throw Error(Fault::settings,
                  "languages=" + std::string(text) + ": '" + word + "' is no language",
                  "Give codes such as zh, en or pt-BR, with commas between them.");
    if (std::find(languages.begin(), languages.end(), word) != languages.end())
      throw Error(Fault::settings,
                  "languages=" + std::string(text) + ": " + word + " is there twice",
                  "Give it once.");
    languages.push_back(word);
  }
  return languages;
}

} // namespace aigc::runner
