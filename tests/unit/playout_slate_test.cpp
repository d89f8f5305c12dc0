// SPDX-License-Identifier: LGPL-2.1-or-later
// The slate: in every format and size, with any text, never black.
#include "base/error.h"
#include "playout/slate.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

using namespace aigc;

namespace {

GstVideoInfo info_of(GstVideoFormat format, int width, int height) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
  gst_video_colorimetry_from_string(&info.colorimetry, "bt709");
  return info;
}

std::vector<guint8> luma_of(const GstVideoInfo& info, const std::string& text) {
  const auto slate = paint_slate(info, text);
  std::vector<guint8> luma;
  GstVideoFrame frame;
  EXPECT_TRUE(gst_video_frame_map(&frame, &info, slate.get(), GST_MAP_READ));
  const auto* rows = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  for (int y = 0; y < info.height; ++y)
    luma.insert(luma.end(), rows + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
                rows + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + info.width);
  gst_video_frame_unmap(&frame);
  return luma;
}

std::vector<guint8> drawn(int width, int height, const std::string& text) {
  return luma_of(info_of(GST_VIDEO_FORMAT_I420, width, height), text);
}

guint8 brightest(const std::vector<guint8>& luma) {
  return *std::max_element(luma.begin(), luma.end());
}

constexpr guint8 kLetter = 180; ///< the ground is darker, the letters are lighter

} // namespace

TEST(Slate, TheGroundIsNeverBlackAndInRange) {
  for (const auto& [width, height] : {std::pair(1280, 720), {320, 180}, {1080, 1920}, {16, 16}}) {
    const auto luma = drawn(width, height, "");
    const auto [least, most] = std::minmax_element(luma.begin(), luma.end());
    // What blackdetect of ffmpeg calls a black pixel is below 16 + 0.1 * 219.
    EXPECT_GE(int(*least), 45) << width;
    EXPECT_LE(int(*most), kLetter) << width;
    EXPECT_GE(*most - *least, 8) << width;
  }
}

TEST(Slate, TheTextIsWrittenInsideThePicture) {
  for (const char* text :
       {"Back soon", "马上回来", "Back soon\n稍后回来 · すぐに戻ります",
        "A very long text about a channel that comes back when its clips are made, which takes "
        "as long as it takes, and that has to fit all the same, whatever size it is shown in, "
        "with every word whole and none of them at the edge of the picture 直到节目继续为止"})
    for (const auto& [width, height] : {std::pair(1280, 720), {320, 180}, {1080, 1920}}) {
      const auto luma = drawn(width, height, text);
      EXPECT_GT(brightest(luma), 220) << text << " " << width;
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          const bool edge = x < width / 20 || x >= width - width / 20 || y < height / 10 ||
                            y >= height - height / 10;
          if (!edge) continue;
          ASSERT_LT(luma[static_cast<size_t>(y * width + x)], kLetter)
              << text << " " << x << "," << y << " of " << width;
        }
    }
}

TEST(Slate, WhatCannotBeReadIsLeftOut) {
  const auto ground = drawn(320, 180, "");
  EXPECT_EQ(drawn(320, 180, " \n "), ground);
  EXPECT_EQ(drawn(320, 180, "\U000F1234\U000F1235"), ground); // no font has these
  EXPECT_GT(brightest(drawn(320, 180, "caf\xe9")), 220);
  EXPECT_GT(brightest(drawn(320, 180, std::string(100000, 'x'))), 180);
}

TEST(Slate, EveryFormatThatIsConvertedTo) {
  for (const GstVideoFormat format :
       {GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_RGB,
        GST_VIDEO_FORMAT_BGRA, GST_VIDEO_FORMAT_GRAY8, GST_VIDEO_FORMAT_Y42B,
        GST_VIDEO_FORMAT_P010_10LE, GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_v210}) {
    const auto info = info_of(format, 322, 182);
    const auto slate = paint_slate(info, "Back soon");
    EXPECT_EQ(gst_buffer_get_size(slate.get()), info.size) << gst_video_format_to_string(format);
  }
}

TEST(Slate, InterlacedAndWithPixelsThatAreNotSquare) {
  auto info = info_of(GST_VIDEO_FORMAT_I420, 720, 576);
  info.interlace_mode = GST_VIDEO_INTERLACE_MODE_INTERLEAVED;
  info.fps_n = 25;
  info.par_n = 64;
  info.par_d = 45;
  EXPECT_GT(brightest(luma_of(info, "Back soon")), 220);
}

TEST(Slate, WhatCannotBeDrawnInIsRefused) {
  for (const auto& info : {info_of(GST_VIDEO_FORMAT_ENCODED, 320, 180), GstVideoInfo{},
                           info_of(GST_VIDEO_FORMAT_I420, 20000, 16)}) {
    try {
      paint_slate(info, "Back soon");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::negotiation);
      EXPECT_NE(error.remedy, "");
    }
  }
}
