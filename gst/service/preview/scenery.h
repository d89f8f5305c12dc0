// SPDX-License-Identifier: LGPL-2.1-or-later
// The pieces places are built from. All sizes in pixels of the picture unless said otherwise.
#pragma once

#include "service/preview/layers.h"

namespace aigc::preview {

/// A mountain line above `base`; `roughness` 0 (dunes) to 1 (rock).
void paint_ridge(cairo_t* cr, const Frame& frame, double base, double height, double roughness,
                 const Colour& top, const Colour& foot, Random& random);
void paint_ground(cairo_t* cr, const Frame& frame, const Palette& palette, Ground ground,
                  Random& random);
void paint_water(cairo_t* cr, const Frame& frame, const Palette& palette, double orb_x,
                 Random& random);
void paint_shore(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);
/// A row of trees on `base`; `size` is their height in units.
void paint_trunks(cairo_t* cr, const Frame& frame, double base, double size, const Colour& body,
                  Random& random);
void paint_stalks(cairo_t* cr, const Frame& frame, double base, double thickness,
                  const Colour& body, Random& random);
void paint_bushes(cairo_t* cr, const Frame& frame, double base, const Colour& body, Random& random);

struct SkylineLook {
  Colour body, foot, window;
  double lit = 0;      ///< share of lit windows
  double height = 0.4; ///< of the tallest house, in units
  bool signs = false;  ///< neon signs
  bool spires = false;
};
void paint_skyline(cairo_t* cr, const Frame& frame, const Palette& palette, double base,
                   const SkylineLook& look, Random& random);
void paint_street_sides(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);
void paint_roofs(cairo_t* cr, const Frame& frame, const Palette& palette, double base, double size,
                 const Colour& wall, const Colour& roof, Random& random);

void paint_nebula(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);
/// The bright edge of a planet below.
void paint_limb(cairo_t* cr, const Frame& frame, const Palette& palette);
void paint_depths(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);
void paint_reef(cairo_t* cr, const Frame& frame, double base, const Colour& body, Random& random);
void paint_room(cairo_t* cr, const Frame& frame, const Palette& palette, bool window_left);
void paint_bokeh(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);
void paint_table(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random);

} // namespace aigc::preview
