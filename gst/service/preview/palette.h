// SPDX-License-Identifier: LGPL-2.1-or-later
// Colours of a scene: what the light gives, what the weather takes, graded by the style.
#pragma once

#include "service/preview/canvas.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aigc::preview {

enum class Ground { grass, sand, snow, stone, street, water, wood, moon, seabed, none };
enum class Orb { none, sun, moon };

/// What a style does besides colour.
struct Manner {
  bool paper = false;   ///< grain and blotches of paper
  bool flat = false;    ///< no gradients inside forms, no texture
  bool brush = false;   ///< visible strokes
  bool outline = false; ///< a dark line around figures
  bool mist = false;    ///< the distance dissolves
};

struct Palette {
  Colour sky_top, sky_middle, horizon, orb, haze, ground_far, ground_near, near;
  Tones tones;
  Manner manner;
  Orb orb_kind = Orb::sun;
  double orb_height = 0.5; ///< 0 at the horizon, 1 at the top of the picture
  double stars = 0;        ///< 0..1
  double cloud = 0.4;      ///< how much of the sky
  bool dark = false;       ///< windows are lit
};

/// What a palette is made from; ids of the vocabulary.
struct Setting {
  std::string style;
  std::string light;
  std::string weather;
  std::string mood;
  Ground ground = Ground::grass;
  std::vector<std::uint32_t> brand; ///< 0xRRGGBB; empty = the style's own colours
};

Palette make_palette(const Setting& setting);

/// The tones of one subject: its natural colours in this light and style.
Tones subject_tones(const Palette& palette, const Setting& setting, std::string_view subject);

} // namespace aigc::preview
