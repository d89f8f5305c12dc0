// SPDX-License-Identifier: LGPL-2.1-or-later
// The measured check of a brand: pictures that keep to it and pictures that do not.
#include "media/look_check.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr Rgb kGreen{0x2f, 0x5d, 0x50}, kCream{0xf4, 0xef, 0xe2}, kPink{0xff, 0x20, 0xc0};
constexpr Rgb kBlack{0, 0, 0}, kWhite{255, 255, 255};
const std::vector<Rgb> kPalette = {kGreen, kCream};

/// 100x100, `one` in the first columns and `other` in the rest.
Raster picture(Rgb one, Rgb other, int columns) {
  Raster raster{100, 100, {}};
  for (int y = 0; y < 100; ++y)
    for (int x = 0; x < 100; ++x) {
      const Rgb colour = x < columns ? one : other;
      raster.rgba.insert(raster.rgba.end(), {colour.red, colour.green, colour.blue, 255});
    }
  return raster;
}

} // namespace

TEST(PaletteDistance, IsNothingForThePalettesOwnColours) {
  EXPECT_LT(palette_distance(picture(kGreen, kCream, 30), kPalette), 0.5);
}

TEST(PaletteDistance, CountsAColourByItsShare) {
  const double pink = std::min(colour_difference(lab_of(kPink), lab_of(kGreen)),
                               colour_difference(lab_of(kPink), lab_of(kCream)));
  ASSERT_GT(pink, 30);
  EXPECT_NEAR(palette_distance(picture(kPink, kCream, 100), kPalette), pink, 0.5);
  EXPECT_NEAR(palette_distance(picture(kPink, kCream, 25), kPalette), pink / 4, 0.5);
}

TEST(Legibility, IsTheContrastOfTextAndGround) {
  EXPECT_NEAR(legibility(picture(kBlack, kBlack, 0), {10, 10, 50, 20}, kWhite), 21, 0.01);
  EXPECT_NEAR(legibility(picture(kCream, kCream, 0), {10, 10, 50, 20}, kWhite),
              contrast_ratio(kCream, kWhite), 0.01);
}

TEST(Legibility, IsThatOfTheWorstTenth) {
  EXPECT_NEAR(legibility(picture(kWhite, kBlack, 5), {0, 0, 100, 100}, kWhite), 21, 0.01);
  EXPECT_NEAR(legibility(picture(kWhite, kBlack, 15), {0, 0, 100, 100}, kWhite), 1, 0.01);
}

TEST(Legibility, LooksOnlyWhereTheTextStands) {
  EXPECT_NEAR(legibility(picture(kWhite, kBlack, 50), {60, 0, 30, 30}, kWhite), 21, 0.01);
  EXPECT_NEAR(legibility(picture(kWhite, kBlack, 50), {90, 90, 50, 50}, kWhite), 21, 0.01);
  EXPECT_EQ(legibility(picture(kWhite, kBlack, 50), {200, 0, 30, 30}, kWhite), 1);
}

TEST(RgbFromText, ReadsHexadecimal) {
  EXPECT_EQ(read_rgb("#2F5d50"), kGreen);
  EXPECT_EQ(read_rgb("green"), kBlack);
}
