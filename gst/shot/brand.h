// SPDX-License-Identifier: LGPL-2.1-or-later
// A brand: what every picture of one house has in common, in one JSON file (docs/brand.md).
#pragma once

#include "shot/shot.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aigc {

struct BrandColour {
  std::string name; ///< for the writer; may be empty
  std::uint8_t red = 0, green = 0, blue = 0;

  std::uint32_t rgb() const { return std::uint32_t(red) << 16 | std::uint32_t(green) << 8 | blue; }
  bool operator==(const BrandColour&) const = default;
};

struct BrandLogo {
  std::string path;                 ///< of a PNG, absolute
  double width = 0.12;              ///< share of the picture's width
  std::string corner = "top-right"; ///< or "top-left", "bottom-left", "bottom-right"
};

/// Characters of a brand's words, and of its negative words: a short prompt holds them and a shot.
inline constexpr glong kLongestBrandWords = 300;
inline constexpr size_t kMostBrandColours = 16;

/// What the file does not say is empty.
struct Brand {
  std::string path; ///< of the file, absolute
  std::string name;
  std::string style;                                      ///< look of shots that bring none
  std::string words;                                      ///< stand in every prompt, as they are
  std::string negative;                                   ///< stand in every negative prompt
  std::vector<BrandColour> palette;                       ///< never an empty list in the file
  std::optional<double> saturation, contrast, brightness; ///< grade, as videobalance takes it
  /// Seed of shots that bring none.
  enum class Seeds {
    free,     ///< the service's choice
    fixed,    ///< `seed` for all
    per_shot, ///< follows from `seed` and the shot's id: stable, and different for each
  };
  Seeds seeds = Seeds::free;
  gint64 seed = 0;
  std::string font; ///< as Pango names it, without a size
  std::optional<BrandColour> text_colour;
  std::optional<BrandLogo> logo;
  std::optional<double> safe_x, safe_y;       ///< margins that stay free, as shares of the sides
  std::optional<double> max_palette_distance; ///< mean CIEDE2000
  std::optional<double> min_legibility;       ///< contrast ratio of text, 1..21
};

/// Whether what a shot calls its brand is a brand file, and not just a name.
bool is_brand_file(std::string_view brand);

/// Reads a brand file, or gives what it read before while the file is the same. Throws Error that
/// names the file and the member (not_found, read, format with line and column, settings), with
/// "did you mean" for a mistyped key.
std::shared_ptr<const Brand> load_brand(const std::string& path);

/// `text` with the brand's words in front, unless they stand near its start already: services cut
/// what is too long at its end.
std::string with_brand_words(const Brand& brand, const std::string& text);
/// The same with the negative words.
std::string with_brand_negative(const Brand& brand, const std::string& text);

/// The seed of the shot of that id where each has its own.
gint64 brand_seed(const Brand& brand, std::string_view id);

/// What shots that bring none are given: style and seed.
void apply_brand_defaults(const Brand& brand, Shot& shot);

/// Puts the brand's words, negative words, style and seed into the shot where they are not yet: any
/// number of times is the same as once. A shot without a prompt gets one from its script.
void apply_brand(const Brand& brand, Shot& shot);

/// What a writer is told of the brand: its name, words and colours.
std::string brand_brief(const Brand& brand);

/// Names of all members of a brand file, such as "grade.saturation": docs/brand.schema.json has the
/// same.
std::vector<std::string> brand_members();

} // namespace aigc
