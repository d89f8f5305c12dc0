// SPDX-License-Identifier: LGPL-2.1-or-later
// Contact sheets: bounded for any number of cards, captions in any script, films by their middle.
#include "../clips.h"
#include "media/contact_sheet.h"

#include <fstream>

using namespace aigc;

namespace {

Raster plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Raster raster{width, height, {}};
  for (int i = 0; i < width * height; ++i)
    raster.rgba.insert(raster.rgba.end(), {red, green, blue, 255});
  return raster;
}

struct Rgb {
  int red, green, blue;
  bool operator==(const Rgb&) const = default;
};

Rgb at(const Raster& raster, int x, int y) {
  const auto i = size_t(4) * (size_t(raster.width) * size_t(y) + size_t(x));
  return {raster.rgba[i], raster.rgba[i + 1], raster.rgba[i + 2]};
}

size_t count(const Raster& raster, Rgb colour) {
  size_t sum = 0;
  for (int y = 0; y < raster.height; ++y)
    for (int x = 0; x < raster.width; ++x)
      sum += at(raster, x, y) == colour;
  return sum;
}

/// Pixels that are dark, as letters are.
size_t ink(const Raster& raster) {
  size_t sum = 0;
  for (int y = 0; y < raster.height; ++y)
    for (int x = 0; x < raster.width; ++x)
      sum += at(raster, x, y).green < 120;
  return sum;
}

class ContactSheet : public testing::Test {
 protected:
  clips::TempDir dir;
  Cancel cancel;

  std::string picture(const std::string& name, const Raster& raster) {
    const std::string path = dir / name;
    const auto bytes = encode_picture(raster, "image/png", cancel);
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
    std::ofstream(path, std::ios::binary).write(data, static_cast<std::streamsize>(size));
    return path;
  }
};

constexpr Rgb kGreen{10, 200, 30};

} // namespace

TEST_F(ContactSheet, ShowsEachPictureWholeBelowTheHeading) {
  std::vector<SheetCard> cards(3);
  for (auto& card : cards)
    card.picture = plain(200, 100, 10, 200, 30);
  const Raster sheet = draw_sheet("Three", cards);
  EXPECT_EQ(count(sheet, kGreen), 3u * 200 * 100);
  EXPECT_GT(ink(sheet), 50u); // the heading
}

TEST_F(ContactSheet, ThreeCardsAreOneRow) {
  const auto size_of = [](size_t cards) {
    const std::vector<SheetCard> all(cards);
    const Raster sheet = draw_sheet("", all);
    return std::pair(sheet.width, sheet.height);
  };
  const auto [width, height] = size_of(3);
  EXPECT_EQ(height, size_of(1).second);
  EXPECT_GT(width, size_of(2).first);
  EXPECT_LT(size_of(4).first, width); // 2 + 2
}

TEST_F(ContactSheet, IsBoundedForOneCardForTwoHundredAndForTooMany) {
  const auto size_of = [](size_t cards, int width, int height) {
    std::vector<SheetCard> all(cards);
    for (auto& card : all)
      card.picture = plain(width, height, 10, 200, 30);
    const Raster sheet = draw_sheet("", all);
    return std::pair(sheet.width, sheet.height);
  };
  EXPECT_EQ(size_of(0, 1, 1).first, size_of(1, 1, 1).first);
  EXPECT_LE(size_of(1, 480, 270).first, 520);
  const auto [width, height] = size_of(200, 2, 300);
  EXPECT_LE(width, 2100);
  EXPECT_LE(height, 25 * 420 + 100);
  EXPECT_EQ(size_of(kMaxSheetCards, 2, 300), size_of(kMaxSheetCards + 50, 2, 300));
  EXPECT_LT(size_of(kMaxSheetCards, 2, 300).second, 32767);
}

TEST_F(ContactSheet, APictureTooLargeForItsPlaceStaysInIt) {
  std::vector<SheetCard> cards(2);
  cards[0].picture = plain(3000, 3000, 10, 200, 30);
  const Raster sheet = draw_sheet("", cards);
  EXPECT_LE(sheet.width, 1100);
  EXPECT_EQ(at(sheet, sheet.width - 30, sheet.height / 2).green == kGreen.green, false);
}

TEST_F(ContactSheet, WritesWordsInAnyScriptAndNoMoreThanFits) {
  SheetCard card{.title = "1", .words = "", .instead = ""};
  const size_t bare = ink(draw_sheet("", {&card, 1}));
  card.words = "樱花树下";
  const Raster few = draw_sheet("", {&card, 1});
  EXPECT_GT(ink(few), bare + 100);
  for (int i = 0; i < 12; ++i)
    card.words += card.words;
  const Raster many = draw_sheet("", {&card, 1});
  EXPECT_EQ(many.height, few.height);
  card.words = "\xff\xfe broken <b>&";
  EXPECT_GT(ink(draw_sheet("", {&card, 1})), bare);
}

TEST_F(ContactSheet, WhatFailedIsABoxThatSaysWhy) {
  SheetCard card{.title = "1", .instead = "quota exceeded", .failed = true};
  const Raster failed = draw_sheet("", {&card, 1});
  card.failed = false;
  const Raster waiting = draw_sheet("", {&card, 1});
  const int x = failed.width / 2, y = 64 + 200;
  EXPECT_GT(at(failed, x, y).red - at(failed, x, y).green, 20);
  EXPECT_LT(at(waiting, x, y).red - at(waiting, x, y).green, 5);
}

TEST_F(ContactSheet, PicturesComeInTheSizeOfTheirPlaceAndKeepTheirShape) {
  const std::string wide = picture("wide.png", plain(1600, 900, 10, 200, 30));
  EXPECT_EQ(sheet_picture(wide, 1, cancel).width, 480);
  EXPECT_EQ(sheet_picture(wide, 1, cancel).height, 270);
  EXPECT_EQ(sheet_picture(wide, 200, cancel).width, 240);
  const Raster tall = sheet_picture(picture("tall.png", plain(900, 1600, 10, 200, 30)), 1, cancel);
  EXPECT_EQ(tall.height, 600);
  EXPECT_EQ(tall.width, 338);
  const Raster tiny = sheet_picture(picture("tiny.png", plain(20, 10, 10, 200, 30)), 1, cancel);
  EXPECT_EQ(tiny.width, 20);
}

TEST_F(ContactSheet, AFilmIsShownByItsMiddle) {
  const std::string path = dir / "film.mp4";
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i \"color=red:s=320x180:r=25:d=1\""
             " -f lavfi -i \"color=lime:s=320x180:r=25:d=1\""
             " -f lavfi -i \"color=blue:s=320x180:r=25:d=1\""
             " -filter_complex concat=n=3:v=1 -pix_fmt yuv420p -c:v libx264 " +
             path);
  const Raster middle = sheet_picture(path, 1, cancel);
  EXPECT_EQ(middle.width, 320);
  const Rgb colour = at(middle, 160, 90);
  EXPECT_GT(colour.green, 200);
  EXPECT_LT(colour.red + colour.blue, 60);
}

TEST_F(ContactSheet, WhatIsNoPictureIsNamed) {
  const std::string path = dir / "note.txt";
  std::ofstream(path) << "not a picture";
  for (const std::string& file : {path, std::string(dir / "none.png")}) {
    try {
      sheet_picture(file, 1, cancel);
      ADD_FAILURE() << file;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(file.substr(file.rfind('/'))), std::string::npos)
          << error.what();
    }
  }
}
