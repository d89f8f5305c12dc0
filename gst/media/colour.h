// SPDX-License-Identifier: LGPL-2.1-or-later
// Colour as people see it: CIELAB under D65, the difference CIEDE2000, contrast as WCAG counts it.
#pragma once

#include "media/picture.h"

#include <cstdint>
#include <string>
#include <vector>

namespace aigc {

/// sRGB, 8 bits each.
struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;

  bool operator==(const Rgb&) const = default;
};

/// CIE 1976 L*a*b* under D65.
struct Lab {
  double l = 0; ///< 0 black, 100 white
  double a = 0, b = 0;
};

Lab lab_of(Rgb colour);
/// The nearest sRGB value, channel by channel; colours outside sRGB are clipped.
Rgb rgb_of(const Lab& colour);

/// CIEDE2000 with all weights 1. About 1 is the least difference people notice side by side.
double colour_difference(const Lab& one, const Lab& other);

/// Of "#RRGGBB"; black for anything else.
Rgb read_rgb(const std::string& hex);

struct ColourShare {
  Rgb colour;
  Lab lab;
  double share = 0; ///< of the picture, 0..1
};

/// At most `count` colours that stand for the picture, largest share first. Pixels that are more
/// transparent than not do not count. The same picture gives the same colours.
std::vector<ColourShare> dominant_colours(const Raster& raster, int count);

/// WCAG 2: 0 black, 1 white.
double relative_luminance(Rgb colour);
/// WCAG 2: 1 (the same) to 21 (black on white).
double contrast_ratio(Rgb one, Rgb other);

} // namespace aigc
