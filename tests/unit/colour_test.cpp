// SPDX-License-Identifier: LGPL-2.1-or-later
// Colour: the published pairs of CIEDE2000, known values of Lab and WCAG, dominant colours.
#include "media/colour.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

struct Pair {
  Lab one, other;
  double difference;
};

// Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula (2005), table 1.
constexpr Pair kPublished[] = {
    {{50.0000, 2.6772, -79.7751}, {50.0000, 0.0000, -82.7485}, 2.0425},
    {{50.0000, 3.1571, -77.2803}, {50.0000, 0.0000, -82.7485}, 2.8615},
    {{50.0000, 2.8361, -74.0200}, {50.0000, 0.0000, -82.7485}, 3.4412},
    {{50.0000, -1.3802, -84.2814}, {50.0000, 0.0000, -82.7485}, 1.0000},
    {{50.0000, -1.1848, -84.8006}, {50.0000, 0.0000, -82.7485}, 1.0000},
    {{50.0000, -0.9009, -85.5211}, {50.0000, 0.0000, -82.7485}, 1.0000},
    {{50.0000, 0.0000, 0.0000}, {50.0000, -1.0000, 2.0000}, 2.3669},
    {{50.0000, -1.0000, 2.0000}, {50.0000, 0.0000, 0.0000}, 2.3669},
    {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0009}, 7.1792},
    {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0010}, 7.1792},
    {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0011}, 7.2195},
    {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0012}, 7.2195},
    {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0009, -2.4900}, 4.8045},
    {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0010, -2.4900}, 4.8045},
    {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0011, -2.4900}, 4.7461},
    {{50.0000, 2.5000, 0.0000}, {50.0000, 0.0000, -2.5000}, 4.3065},
    {{50.0000, 2.5000, 0.0000}, {73.0000, 25.0000, -18.0000}, 27.1492},
    {{50.0000, 2.5000, 0.0000}, {61.0000, -5.0000, 29.0000}, 22.8977},
    {{50.0000, 2.5000, 0.0000}, {56.0000, -27.0000, -3.0000}, 31.9030},
    {{50.0000, 2.5000, 0.0000}, {58.0000, 24.0000, 15.0000}, 19.4535},
    {{50.0000, 2.5000, 0.0000}, {50.0000, 3.1736, 0.5854}, 1.0000},
    {{50.0000, 2.5000, 0.0000}, {50.0000, 3.2972, 0.0000}, 1.0000},
    {{50.0000, 2.5000, 0.0000}, {50.0000, 1.8634, 0.5757}, 1.0000},
    {{50.0000, 2.5000, 0.0000}, {50.0000, 3.2592, 0.3350}, 1.0000},
    {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
    {{63.0109, -31.0961, -5.8663}, {62.8187, -29.7946, -4.0864}, 1.2630},
    {{61.2901, 3.7196, -5.3901}, {61.4292, 2.2480, -4.9620}, 1.8731},
    {{35.0831, -44.1164, 3.7933}, {35.0232, -40.0716, 1.5901}, 1.8645},
    {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
    {{36.4612, 47.8580, 18.3852}, {36.2715, 50.5065, 21.2231}, 1.4146},
    {{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
    {{90.9257, -0.5406, -0.9208}, {88.6381, -0.8985, -0.7239}, 1.5381},
    {{6.7747, -0.2908, -2.4247}, {5.8714, -0.0985, -2.2286}, 0.6377},
    {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
};

Raster stripes(std::initializer_list<std::pair<Rgb, int>> list, int height = 90) {
  Raster raster{0, height, {}};
  for (const auto& [colour, width] : list)
    raster.width += width;
  for (int y = 0; y < height; ++y)
    for (const auto& [colour, width] : list)
      for (int x = 0; x < width; ++x)
        raster.rgba.insert(raster.rgba.end(), {colour.red, colour.green, colour.blue, 255});
  return raster;
}

} // namespace

TEST(Colour, DifferenceIsThePublishedOneBothWays) {
  static_assert(std::size(kPublished) == 34);
  for (const auto& pair : kPublished) {
    EXPECT_NEAR(colour_difference(pair.one, pair.other), pair.difference, 0.00006);
    EXPECT_NEAR(colour_difference(pair.other, pair.one), pair.difference, 0.00006);
  }
}

TEST(Colour, LabOfKnownColours) {
  const std::pair<Rgb, Lab> known[] = {
      {{0, 0, 0}, {0, 0, 0}},
      {{255, 255, 255}, {100, 0, 0}},
      {{128, 128, 128}, {53.585, 0, 0}},
      {{255, 0, 0}, {53.24, 80.09, 67.20}},
      {{0, 255, 0}, {87.73, -86.18, 83.18}},
      {{0, 0, 255}, {32.30, 79.19, -107.86}},
  };
  for (const auto& [rgb, lab] : known) {
    EXPECT_NEAR(lab_of(rgb).l, lab.l, 0.02);
    EXPECT_NEAR(lab_of(rgb).a, lab.a, 0.05);
    EXPECT_NEAR(lab_of(rgb).b, lab.b, 0.05);
  }
}

TEST(Colour, LabAndBackIsTheSameColour) {
  for (int r = 0; r < 256; r += 15)
    for (int g = 0; g < 256; g += 15)
      for (int b = 0; b < 256; b += 15) {
        const Rgb colour{std::uint8_t(r), std::uint8_t(g), std::uint8_t(b)};
        ASSERT_EQ(rgb_of(lab_of(colour)), colour) << r << " " << g << " " << b;
      }
  EXPECT_EQ(rgb_of(Lab{100, 0, 120}).red, 255) << "clipped, not wrapped";
}

TEST(Colour, ContrastIsThatOfWcag) {
  EXPECT_NEAR(contrast_ratio({0, 0, 0}, {255, 255, 255}), 21, 1e-9);
  EXPECT_NEAR(contrast_ratio({90, 20, 7}, {90, 20, 7}), 1, 1e-9);
  // The greys at the two sides of the limit for text on white, 4.5:1.
  EXPECT_NEAR(contrast_ratio({0x76, 0x76, 0x76}, {255, 255, 255}), 4.54, 0.005);
  EXPECT_NEAR(contrast_ratio({255, 255, 255}, {0x77, 0x77, 0x77}), 4.48, 0.005);
  EXPECT_NEAR(relative_luminance({0, 255, 0}), 0.7152, 1e-9);
}

TEST(Colour, DominantColoursAreTheLargest) {
  const Rgb red{200, 30, 40}, sand{220, 200, 160}, ink{20, 24, 48};
  const auto colours = dominant_colours(stripes({{red, 30}, {sand, 100}, {ink, 60}}), 3);
  ASSERT_EQ(colours.size(), 3u);
  EXPECT_EQ(colours[0].colour, sand);
  EXPECT_EQ(colours[1].colour, ink);
  EXPECT_EQ(colours[2].colour, red);
  EXPECT_NEAR(colours[0].share, 100.0 / 190, 0.01);
  EXPECT_LT(colour_difference(colours[2].lab, lab_of(red)), 0.5);
}

TEST(Colour, DominantColoursOfLittle) {
  EXPECT_EQ(dominant_colours(stripes({{{9, 9, 9}, 40}}), 5).size(), 1u);
  EXPECT_TRUE(dominant_colours(Raster{}, 3).empty());
  EXPECT_TRUE(dominant_colours(stripes({{{9, 9, 9}, 4}}), 0).empty());
  Raster clear = stripes({{{200, 0, 0}, 10}});
  for (size_t i = 3; i < clear.rgba.size(); i += 4)
    clear.rgba[i] = 0;
  EXPECT_TRUE(dominant_colours(clear, 3).empty()) << "nothing to be seen";
}
