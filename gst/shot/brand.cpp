// SPDX-License-Identifier: LGPL-2.1-or-later
// What a brand does to a shot.
#include "shot/brand.h"

#include "base/words.h"

#include <array>
#include <cstdio>

namespace aigc {

namespace {

/// Characters at the start of a text that every model reads: some read 800 of a prompt, of which
/// the motion may take half, and 500 of a negative prompt.
constexpr glong kAlwaysRead = 399;
static_assert(kLongestBrandWords < kAlwaysRead);

bool is_read(const std::string& locked, const std::string& text) {
  const size_t at = text.find(locked);
  return at != std::string::npos &&
         g_utf8_strlen(text.data(), static_cast<gssize>(at + locked.size())) <= kAlwaysRead;
}

/// `text` with `locked` in front, where it does not yet stand where it is read. When both are too
/// long for a shot's field, the end of `text` goes.
std::string with_words(const std::string& locked, const std::string& text) {
  if (locked.empty() || is_read(locked, text)) return text;
  if (is_blank(text)) return locked;
  return std::string(bounded(joined({locked, text}), kMaxTextBytes));
}

std::string hex(const BrandColour& colour) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%06X", static_cast<unsigned>(colour.rgb()));
  return text.data();
}

} // namespace

std::string with_brand_words(const Brand& brand, const std::string& text) {
  return with_words(brand.words, text);
}

std::string with_brand_negative(const Brand& brand, const std::string& text) {
  return with_words(brand.negative, text);
}

/// FNV-1a of the id, begun with the brand's number.
gint64 brand_seed(const Brand& brand, std::string_view id) {
  guint64 hash = 14695981039346656037ull ^ static_cast<guint64>(brand.seed);
  for (const unsigned char c : id)
    hash = (hash ^ c) * 1099511628211ull;
  return static_cast<gint64>((hash ^ hash >> 32) & 0x7fffffff);
}

void apply_brand_defaults(const Brand& brand, Shot& shot) {
  if (shot.style.empty()) shot.style = brand.style;
  if (shot.seed >= 0) return;
  if (brand.seeds == Brand::Seeds::fixed) shot.seed = brand.seed;
  if (brand.seeds == Brand::Seeds::per_shot) shot.seed = brand_seed(brand, shot.base_id());
}

void apply_brand(const Brand& brand, Shot& shot) {
  apply_brand_defaults(brand, shot);
  shot.negative_prompt = with_brand_negative(brand, shot.negative_prompt);
  if (!brand.words.empty() && !is_blank(shot.words()))
    shot.prompt = with_brand_words(brand, shot.words());
}

std::string brand_brief(const Brand& brand) {
  std::string brief = brand.name;
  if (!brand.words.empty()) brief += ": " + brand.words;
  std::string colours;
  for (const BrandColour& colour : brand.palette)
    colours += (colours.empty() ? "" : ", ") + (colour.name.empty() ? "" : colour.name + " ") +
               hex(colour);
  if (!colours.empty()) brief += " (" + colours + ")";
  return brief;
}

} // namespace aigc
