// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps are settled by what the first service delivers; what another one delivers is made to fit.
#include "../../elements/picture_output.h"
#include "media/picture.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

Ref<GBytes> encoded(const char* mime, int width, int height) {
  Cancel cancel;
  return encode_picture({width, height, std::vector<std::uint8_t>(4u * width * height, 200)}, mime,
                        cancel);
}

PictureInfo info_of(GstBuffer* buffer) {
  BufferMap map(buffer, GST_MAP_READ);
  auto bytes = adopt(g_bytes_new(map.data(), map.size()));
  return sniff_picture(bytes.get());
}

} // namespace

TEST(PictureOutput, AnotherEncodingThanNegotiatedIsTranscoded) {
  Cancel cancel;
  auto all = adopt(gst_caps_new_any());
  const auto output = PictureOutput::choose(all.get(), "image/png", {}, {64, 48});
  for (const char* mime : {"image/png", "image/jpeg"}) {
    auto buffer = output.make(encoded(mime, 64, 48).get(), cancel);
    const PictureInfo info = info_of(buffer.get());
    EXPECT_EQ(info.mime, "image/png");
    EXPECT_EQ(info.width, 64);
    EXPECT_EQ(info.height, 48);
  }
}

TEST(PictureOutput, PixelsHaveTheSizeSettledWhateverIsDelivered) {
  Cancel cancel;
  auto pixels = adopt(gst_caps_from_string("video/x-raw, format=RGBA"));
  const auto output = PictureOutput::choose(pixels.get(), "image/png", {32, 32}, {64, 48});
  auto buffer = output.make(encoded("image/jpeg", 64, 64).get(), cancel);
  EXPECT_EQ(gst_buffer_get_size(buffer.get()), 32u * 32 * 4);
}
