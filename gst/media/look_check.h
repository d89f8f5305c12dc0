// SPDX-License-Identifier: LGPL-2.1-or-later
// How far a picture is from a palette, and how well text can be read on it.
#pragma once

#include "media/colour.h"

#include <span>

namespace aigc {

/// Mean CIEDE2000 from the picture's dominant colours to the nearest of the palette, each weighted
/// by its share. `palette` is not empty.
double palette_distance(const Raster& raster, std::span<const Rgb> palette);

struct Box {
  int x = 0, y = 0, width = 0, height = 0; ///< pixels
};

/// Contrast ratio (WCAG 2) of text in `text` against what is behind it in `box`: nine tenths of it
/// are at least so far from the text. 1 when the box lies outside the picture.
double legibility(const Raster& behind, const Box& box, Rgb text);

} // namespace aigc
