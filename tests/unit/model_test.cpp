// SPDX-License-Identifier: LGPL-2.1-or-later
// Model tables: the legal order nearest to what was asked, and errors that name the limit.
#include "base/error.h"
#include "service/model.h"
#include "shot/shot.h"

#include <array>
#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr std::array<Size, 5> kSizes = {
    {{1664, 928}, {1472, 1104}, {1328, 1328}, {1104, 1472}, {928, 1664}}};
constexpr std::array<double, 2> kSeconds = {5, 10};
constexpr Model kListed{.name = "listed",
                        .role = Role::picture,
                        .default_size = {1664, 928},
                        .sizes = kSizes,
                        .max_seconds = 10,
                        .seconds = kSeconds};
constexpr Model kFree{.name = "free",
                      .role = Role::clip,
                      .default_size = {1280, 720},
                      .min_side = 16,
                      .max_side = 4096,
                      .side_step = 2,
                      .min_seconds = 2,
                      .max_seconds = 60};
constexpr Model kArea{.name = "area",
                      .role = Role::picture,
                      .default_size = {2048, 2048},
                      .min_area = 512 * 512,
                      .max_area = 2048 * 2048,
                      .min_side = 16,
                      .max_side = 8192,
                      .side_step = 2};
constexpr Model kSides{.name = "sides",
                       .role = Role::picture,
                       .default_size = {1664, 928},
                       .min_side = 512,
                       .max_side = 2048,
                       .side_step = 16};

template <typename Call> std::string text_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.what()) + "; " + error.remedy;
  }
  return "nothing thrown";
}

} // namespace

TEST(ModelSize, TheClassic1024x576OrdersTheNextLegalWideOne) {
  EXPECT_EQ(choose_size(kListed, {1024, 576}, 0), (Size{1664, 928}));
  EXPECT_EQ(choose_size(kListed, {576, 1024}, 0), (Size{928, 1664}));
  EXPECT_EQ(choose_size(kListed, {1000, 1000}, 0), (Size{1328, 1328}));
  EXPECT_EQ(choose_size(kListed, {1200, 900}, 0), (Size{1472, 1104}));
}

TEST(ModelSize, AspectAloneChoosesAboutTheDefaultArea) {
  EXPECT_EQ(choose_size(kFree, {}, 0), (Size{1280, 720}));
  EXPECT_EQ(choose_size(kFree, {}, 9.0 / 16), (Size{720, 1280}));
  EXPECT_EQ(choose_size(kFree, {}, 1), (Size{960, 960}));
  EXPECT_EQ(choose_size(kFree, {640, 0}, 0), (Size{640, 360}));
  EXPECT_EQ(choose_size(kFree, {0, 360}, 0), (Size{640, 360}));
}

TEST(ModelSize, OddSidesAreRoundedUp) {
  EXPECT_EQ(choose_size(kFree, {641, 359}, 0), (Size{642, 360}));
}

TEST(ModelSize, TooSmallOrTooLargeNamesTheLimit) {
  EXPECT_EQ(text_of([] {
              choose_size(kFree, {1, 720}, 0);
            }),
            "width is 1; free takes 16 to 4096 pixels");
  EXPECT_EQ(text_of([] {
              choose_size(kFree, {640, 5000}, 0);
            }),
            "height is 5000; free takes 16 to 4096 pixels");
  EXPECT_NE(text_of([] {
              choose_size(kListed, {2000, 1000}, 0);
            }).find("1664x928"),
            std::string::npos);
}

TEST(ModelSize, AspectAloneTakesTheNearestListedOne) {
  EXPECT_EQ(choose_size(kListed, {}, 0), (Size{1664, 928}));
  EXPECT_EQ(choose_size(kListed, {}, 16.0 / 9), (Size{1664, 928}));
  EXPECT_EQ(choose_size(kListed, {}, 9.0 / 16), (Size{928, 1664}));
  EXPECT_EQ(choose_size(kListed, {}, 1), (Size{1328, 1328}));
  EXPECT_EQ(choose_size(kListed, {}, 4), (Size{1664, 928}));
}

TEST(ModelSize, ASideThatFollowsFromTheAspectIsNotCountedInPixels) {
  EXPECT_EQ(choose_size(kListed, {1664, 0}, 16.0 / 9), (Size{1664, 928}));
  EXPECT_NE(text_of([] { choose_size(kListed, {1664, 936}, 0); }), "nothing thrown");
  EXPECT_NE(text_of([] { choose_size(kListed, {1665, 0}, 16.0 / 9); }), "nothing thrown");
}

TEST(ModelSize, ASmallTierOfAboutTheAspectIsEnough) {
  static constexpr std::array<Size, 2> sizes = {{{832, 480}, {1920, 1080}}};
  constexpr Model tiers{
      .name = "tiers", .role = Role::clip, .default_size = {1920, 1080}, .sizes = sizes};
  EXPECT_EQ(choose_size(tiers, {640, 360}, 0), (Size{832, 480}));
  EXPECT_EQ(choose_size(tiers, {1280, 720}, 0), (Size{1920, 1080}));
  EXPECT_EQ(choose_size(tiers, {}, 16.0 / 9), (Size{1920, 1080}));
}

TEST(ModelSize, WhatIsSmallerThanTheLeastAreaGrowsInItsAspect) {
  EXPECT_EQ(choose_size(kArea, {1024, 576}, 0), (Size{1024, 576}));
  EXPECT_EQ(choose_size(kArea, {256, 256}, 0), (Size{512, 512}));
  EXPECT_EQ(choose_size(kArea, {320, 180}, 0), (Size{684, 384}));
  EXPECT_EQ(choose_size(kSides, {320, 180}, 0), (Size{912, 512}));
  EXPECT_EQ(choose_size(kSides, {1024, 576}, 0), (Size{1024, 576}));
}

TEST(ModelSize, WhatIsMoreThanTheLargestAreaIsNamed) {
  EXPECT_EQ(text_of([] {
              choose_size(kArea, {4096, 2048}, 0);
            }),
            "the size 4096x2048 is more than area makes; ask for at most 4194304 pixels in all");
  EXPECT_NE(text_of([] {
              choose_size(kArea, {4096, 256}, 0);
            }).find("1:8 to 8:1"),
            std::string::npos);
  EXPECT_NE(text_of([] { choose_size(kSides, {2049, 1000}, 0); }), "nothing thrown");
}

TEST(ModelSize, AnAspectAloneNeverExceedsTheArea) {
  for (const double aspect : {0.125, 9.0 / 16, 2.0 / 3, 1.0, 4.0 / 3, 16.0 / 9, 21.0 / 9, 8.0}) {
    const Size size = choose_size(kArea, {}, aspect);
    EXPECT_LE(size.width * size.height, 2048 * 2048) << aspect;
    EXPECT_GE(size.width * size.height, 2000 * 2000) << aspect;
  }
}

TEST(ModelSize, AnAspectAloneNeverExceedsTheSides) {
  EXPECT_EQ(choose_size(kSides, {}, 4), (Size{2048, 512}));
  EXPECT_EQ(choose_size(kSides, {}, 3), (Size{2048, 672}));
  EXPECT_EQ(choose_size(kSides, {}, 8), (Size{2048, 512})) << "the nearest there is";
  EXPECT_EQ(choose_size(kSides, {}, 0.125), (Size{512, 2048}));
  EXPECT_NE(text_of([] { choose_size(kSides, {4096, 0}, 8); }), "nothing thrown");
}

TEST(ModelSeconds, TheShortestLegalOneAtLeastAsLong) {
  EXPECT_EQ(choose_seconds(kListed, 3), 5);
  EXPECT_EQ(choose_seconds(kListed, 5.1), 10);
  EXPECT_EQ(choose_seconds(kFree, 1), 2);
  EXPECT_EQ(choose_seconds(kFree, 7.5), 7.5);
}

TEST(ModelSeconds, BeyondTheLimitsIsAnErrorThatNamesThem) {
  EXPECT_EQ(text_of([] { choose_seconds(kListed, 11); }),
            "duration is 11 s; listed makes clips of 0.1 to 10 s");
  EXPECT_NE(text_of([] { choose_seconds(kFree, 0); }), "nothing thrown");
  EXPECT_NE(text_of([] { choose_seconds(kFree, -1); }), "nothing thrown");
}

TEST(Aspect, IsWidthColonHeight) {
  EXPECT_DOUBLE_EQ(parse_aspect("16:9"), 16.0 / 9);
  for (const char* bad : {"", "16", "16:", ":9", "16:0", "-16:9", "16:9 ", "16/9", "9:1"})
    EXPECT_THROW(parse_aspect(bad), Error) << bad;
}
