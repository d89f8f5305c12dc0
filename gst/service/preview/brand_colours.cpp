// SPDX-License-Identifier: LGPL-2.1-or-later
// See brand_colours.h.
#include "service/preview/brand_colours.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

/// How far a colour goes on its way to the brand's: lightness keeps the modelling of a form.
constexpr double kLightnessShare = 0.55, kHueShare = 0.92;
/// How gradually one colour of the brand gives way to the next, in units of CIELAB.
constexpr double kSoftness = 8;
/// Of lightness beside hue where the nearest is looked for.
constexpr double kLightnessWeight = 0.7;

Lab lab_of_colour(const Colour& colour) {
  const auto byte = [](double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255));
  };
  return lab_of({byte(colour.r), byte(colour.g), byte(colour.b)});
}

Colour colour_of(const Lab& lab) {
  const Rgb colour = rgb_of(lab);
  return {colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0};
}

double squared_distance(const Lab& one, const Lab& other) {
  const double l = kLightnessWeight * (one.l - other.l), a = one.a - other.a, b = one.b - other.b;
  return l * l + a * a + b * b;
}

double chroma(const Lab& colour) {
  return std::hypot(colour.a, colour.b);
}

} // namespace

BrandColours::BrandColours(const std::vector<std::uint32_t>& palette) {
  for (const std::uint32_t colour : palette)
    colours_.push_back(lab_of_colour(rgb(colour)));
  std::stable_sort(colours_.begin(), colours_.end(),
                   [](const Lab& one, const Lab& other) { return chroma(one) > chroma(other); });
}

Colour BrandColours::dressed(const Colour& colour) const {
  if (colours_.empty()) return colour;
  const Lab own = lab_of_colour(colour);
  double least = squared_distance(own, colours_.front());
  for (const Lab& other : colours_)
    least = std::min(least, squared_distance(own, other));
  Lab sum;
  double weights = 0;
  for (const Lab& other : colours_) {
    const double weight =
        std::exp((least - squared_distance(own, other)) / (2 * kSoftness * kSoftness));
    sum.l += weight * other.l;
    sum.a += weight * other.a;
    sum.b += weight * other.b;
    weights += weight;
  }
  return colour_of({own.l + kLightnessShare * (sum.l / weights - own.l),
                    own.a + kHueShare * (sum.a / weights - own.a),
                    own.b + kHueShare * (sum.b / weights - own.b)});
}

void BrandColours::dress(Tones& tones) const {
  for (Colour Tones::*tone :
       {&Tones::dark, &Tones::mid, &Tones::black, &Tones::accent, &Tones::accent2, &Tones::light,
        &Tones::skin, &Tones::white, &Tones::glow})
    tones.*tone = dressed(tones.*tone);
}

void BrandColours::dress(Palette& palette) const {
  if (colours_.empty()) return;
  for (Colour Palette::*colour :
       {&Palette::sky_top, &Palette::sky_middle, &Palette::horizon, &Palette::orb, &Palette::haze,
        &Palette::ground_far, &Palette::ground_near, &Palette::near})
    palette.*colour = dressed(palette.*colour);
  dress(palette.tones);
  // What stands out is what the house is known by.
  palette.tones.accent = colour_of(colours_.front());
  palette.tones.accent2 = colour_of(colours_[colours_.size() > 1 ? 1 : 0]);
}

} // namespace aigc::preview
