// SPDX-License-Identifier: LGPL-2.1-or-later
// A brand: what every picture of one house has in common, in one JSON file (docs/brand.md).
#pragma once

#include "shot/shot.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace aigc {

struct BrandColour {
  std::string name; ///< for the writer; may be empty
  std::uint8_t red = 0, green = 0, blue = 0;
};

struct Brand {
  std::string path; ///< of the file, absolute
  std::string name;
  std::string style;                ///< look of shots that bring none
  std::string words;                ///< stand in every prompt, as they are
  std::string negative;             ///< stand in every negative prompt
  std::vector<BrandColour> palette; ///< may be empty; never an empty list in the file
  double saturation = 1, contrast = 1, brightness = 0; ///< grade, as videobalance takes it
  /// Seed of shots that bring none.
  enum class Seeds {
    free,     ///< the service's choice
    fixed,    ///< `seed` for all
    per_shot, ///< follows from `seed` and the shot's id: stable, and different for each
  };
  Seeds seeds = Seeds::free;
  gint64 seed = 0;
  std::string font;                ///< as Pango names it, without a size; empty = the system's sans
  std::string text_colour;         ///< "#RRGGBB"
  std::string logo;                ///< path of a PNG, absolute; empty = none
  double logo_width = 0;           ///< share of the picture's width
  std::string logo_corner;         ///< "top-left", "top-right", "bottom-left", "bottom-right"
  double safe_x = 0, safe_y = 0;   ///< margins that stay free, as shares of width and height
  double max_palette_distance = 0; ///< mean CIEDE2000; 0 = no limit
  double min_legibility = 0;       ///< contrast ratio of text, 1..21; 0 = no limit
};

/// Reads a brand file, or gives what it read before while the file is the same. Throws Error that
/// names the file and the member (not_found, format with line and column, settings), with "did you
/// mean" for a mistyped key.
std::shared_ptr<const Brand> load_brand(const std::string& path);

/// Puts the brand's words, negative words, style and seed into the shot where they are not yet: any
/// number of times is the same as once.
void apply_brand(const Brand& brand, Shot& shot);

} // namespace aigc
