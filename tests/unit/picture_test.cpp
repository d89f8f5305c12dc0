// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures: what is accepted, what is refused before decoding, and that pixels survive.
#include "media/picture.h"
#include "temp_folder.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

using namespace aigc;

namespace {

Raster gradient(int width, int height) {
  Raster raster{width, height, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      raster.rgba.insert(raster.rgba.end(),
                         {std::uint8_t(255 * x / width), std::uint8_t(255 * y / height), 90, 255});
  return raster;
}

Ref<GBytes> bytes(const std::string& text) {
  return adopt(g_bytes_new(text.data(), text.size()));
}

std::string text(GBytes* data) {
  gsize size = 0;
  const auto* start = static_cast<const char*>(g_bytes_get_data(data, &size));
  return {start, size};
}

Fault sniff_fault(const std::string& data) {
  try {
    sniff_picture(bytes(data).get());
  } catch (const Error& error) {
    return error.fault;
  }
  return Fault::timeout;
}

} // namespace

TEST(Picture, SurvivesEveryKind) {
  Cancel cancel;
  const Raster raster = gradient(40, 22);
  for (const char* mime : {"image/png", "image/jpeg", "image/webp"}) {
    const auto encoded = encode_picture(raster, mime, cancel);
    const PictureInfo info = sniff_picture(encoded.get());
    EXPECT_EQ(info.mime, mime);
    EXPECT_EQ(info.width, 40);
    EXPECT_EQ(info.height, 22);
    const Raster decoded = decode_picture(encoded.get(), cancel);
    ASSERT_EQ(decoded.rgba.size(), raster.rgba.size());
    double sum = 0;
    for (size_t i = 0; i < raster.rgba.size(); ++i)
      sum += std::abs(decoded.rgba[i] - raster.rgba[i]);
    EXPECT_LT(sum / double(raster.rgba.size()), std::strcmp(mime, "image/png") == 0 ? 0.01 : 6)
        << mime;
  }
}

TEST(Picture, AFileSaysWhatItIsHoweverLongItIs) {
  Cancel cancel;
  const TempFolder folder;
  const auto sniff = [&](const std::string& data) {
    const std::string path = folder.path() + "/picture";
    std::ofstream(path, std::ios::binary) << data;
    return sniff_picture_file(path);
  };
  constexpr size_t kLong = 64 << 10;
  Raster noise = gradient(300, 200);
  std::minstd_rand random(7);
  for (std::uint8_t& value : noise.rgba)
    value = static_cast<std::uint8_t>(random() >> 8);
  const std::string webp = text(encode_picture(noise, "image/webp", cancel).get());
  ASSERT_GT(webp.size(), kLong);
  std::string jpeg = text(encode_picture(gradient(300, 200), "image/jpeg", cancel).get());
  const std::string profile = "\xff\xe2\xff\xff" + std::string(0xffff - 2, 'p');
  jpeg.insert(2, profile + profile);
  const std::string png = text(encode_picture(noise, "image/png", cancel).get());
  for (const std::string& data : {webp, jpeg, png}) {
    const auto info = sniff(data);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->width, 300);
    EXPECT_EQ(info->height, 200);
    EXPECT_EQ(info->mime, sniff_picture(bytes(data).get()).mime);
  }
  EXPECT_FALSE(sniff(webp.substr(0, webp.size() - 1)));
  EXPECT_FALSE(sniff(jpeg.substr(0, 2 * profile.size())));
  EXPECT_FALSE(sniff(std::string(2 * kLong, 'x')));
  EXPECT_FALSE(sniff_picture_file(folder.path()));
  EXPECT_FALSE(sniff_picture_file(folder.path() + "/none"));
}

TEST(Picture, KeepsAlphaInPng) {
  Cancel cancel;
  Raster raster = gradient(8, 8);
  raster.rgba[3] = 0;
  raster.rgba[7] = 128;
  EXPECT_EQ(decode_picture(encode_picture(raster, "image/png", cancel).get(), cancel).rgba,
            raster.rgba);
}

TEST(Picture, RefusesWhatIsNone) {
  for (const char* data : {"", "hello", "\x89PNG", "RIFF....WEBP", "\xff\xd8\xff"})
    EXPECT_EQ(sniff_fault(data), Fault::format) << data;
}

TEST(Picture, RefusesTooLargeBeforeDecoding) {
  Cancel cancel;
  std::string png = text(encode_picture(gradient(8, 8), "image/png", cancel).get());
  png.replace(16, 8, std::string("\0\0\x40\0\0\0\x40\0", 8)); // 16384 x 16384
  EXPECT_EQ(sniff_fault(png), Fault::format);
  png.replace(16, 8, std::string("\0\0\0\0\0\0\0\x08", 8));
  EXPECT_EQ(sniff_fault(png), Fault::format);
}

TEST(Picture, TruncatedBytesAreAnError) {
  Cancel cancel;
  for (const char* mime : {"image/png", "image/webp"}) {
    const std::string whole = text(encode_picture(gradient(64, 64), mime, cancel).get());
    EXPECT_THROW(decode_picture(bytes(whole.substr(0, whole.size() / 2)).get(), cancel), Error)
        << mime;
  }
  EXPECT_THROW(encode_picture(gradient(4, 4), "image/gif", cancel), Error);
  EXPECT_THROW(encode_picture(Raster{4, 4, {}}, "image/png", cancel), Error);
}

TEST(Picture, StopsWhenCancelled) {
  Cancel cancel;
  const auto encoded = encode_picture(gradient(64, 64), "image/png", cancel);
  cancel.cancel();
  EXPECT_THROW(decode_picture(encoded.get(), cancel), Error);
}

TEST(Picture, FitsByCoveringAroundTheMiddle) {
  // Left third red, middle green, right blue: cropping to a square keeps the green.
  Raster raster{90, 30, {}};
  for (int i = 0; i < 90 * 30; ++i) {
    const int band = i % 90 / 30;
    raster.rgba.insert(raster.rgba.end(),
                       {std::uint8_t(band == 0 ? 255 : 0), std::uint8_t(band == 1 ? 255 : 0),
                        std::uint8_t(band == 2 ? 255 : 0), 255});
  }
  const Raster fitted = fit_picture(raster, 60, 60);
  EXPECT_EQ(fitted.rgba.size(), size_t(4 * 60 * 60));
  EXPECT_EQ(fitted.rgba[4 * (60 * 30 + 30) + 1], 255);
  EXPECT_EQ(fitted.rgba[4 * (60 * 30 + 4) + 1], 255);
  const Raster same = fit_picture(raster, 90, 30);
  EXPECT_EQ(same.rgba, raster.rgba);
}

TEST(Picture, AlphaIsSeenWithoutDecoding) {
  Cancel cancel;
  Raster raster = gradient(16, 16);
  EXPECT_FALSE(has_alpha(encode_picture(raster, "image/jpeg", cancel).get()));
  EXPECT_FALSE(has_alpha(encode_picture(raster, "image/png", cancel).get()));
  raster.rgba[3] = 0;
  EXPECT_TRUE(has_alpha(encode_picture(raster, "image/png", cancel).get()));
  EXPECT_TRUE(has_alpha(encode_picture(raster, "image/webp", cancel).get()));
}

TEST(Picture, FlattensOntoWhite) {
  Raster raster{2, 1, {0, 100, 200, 0, 0, 100, 200, 128}};
  flatten_picture(raster);
  EXPECT_EQ(raster.rgba, (std::vector<std::uint8_t>{255, 255, 255, 255, 127, 177, 227, 255}));
}

TEST(Picture, LowerQualityIsSmaller) {
  Cancel cancel;
  const Raster raster = gradient(256, 256);
  EXPECT_LT(g_bytes_get_size(encode_picture(raster, "image/jpeg", cancel, 40).get()),
            g_bytes_get_size(encode_picture(raster, "image/jpeg", cancel).get()));
}
