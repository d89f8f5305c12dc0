// SPDX-License-Identifier: LGPL-2.1-or-later
// Black and frozen pictures of every layout that decoders give.
#include "base/ref.h"
#include "playout/stretches.h"

#include <array>
#include <gtest/gtest.h>

using namespace aigc;

namespace {

using Kind = Stretch::Kind;

struct Colour {
  int y, u, v;
};

class Look {
 public:
  explicit Look(const char* format) {
    gst_video_info_set_format(&info_, gst_video_format_from_string(format), 322, 182);
    caps_ = adopt(gst_video_info_to_caps(&info_));
  }

  /// The stretches in three seconds of pictures that have the two colours by turns.
  std::vector<Stretch> at(Colour even, Colour odd) {
    PictureLook look;
    const std::array pictures{picture(even), picture(odd)};
    for (guint i = 0; i < 75; ++i)
      EXPECT_TRUE(look.see(pictures[i % 2].get(), caps_.get(), i * 40 * GST_MSECOND));
    return look.finish(3 * GST_SECOND);
  }

 private:
  /// A third of it, in the middle, is of that colour, the rest is black.
  Ref<GstBuffer> picture(Colour colour) {
    auto buffer = adopt(gst_buffer_new_allocate(nullptr, info_.size, nullptr));
    GstVideoFrame frame;
    gst_video_frame_map(&frame, &info_, buffer.get(), GST_MAP_WRITE);
    const GstVideoFormatInfo* format = info_.finfo;
    const bool wide =
        GST_VIDEO_FORMAT_INFO_BITS(gst_video_format_get_info(format->unpack_format)) > 8;
    std::vector<guint8> narrow;
    std::vector<guint16> broad;
    for (int x = 0; x < info_.width; ++x) {
      const bool inside = x >= info_.width / 3 && x < 2 * info_.width / 3;
      const Colour c = inside ? colour : Colour{16, 128, 128};
      for (const int value : {255, c.y, c.u, c.v}) {
        narrow.push_back(static_cast<guint8>(value));
        broad.push_back(static_cast<guint16>(value << 8));
      }
    }
    const gpointer line = wide ? static_cast<gpointer>(broad.data()) : narrow.data();
    for (int y = 0; y < info_.height; ++y)
      format->pack_func(format, GST_VIDEO_PACK_FLAG_NONE, line, 0, frame.data, frame.info.stride,
                        GST_VIDEO_CHROMA_SITE_NONE, y, info_.width);
    gst_video_frame_unmap(&frame);
    return buffer;
  }

  GstVideoInfo info_{};
  Ref<GstCaps> caps_;
};

class StretchesTest : public testing::TestWithParam<const char*> {};

bool holds_only(const std::vector<Stretch>& found, Kind kind) {
  return found.size() == 1 && found[0].kind == kind && found[0].start == 0 &&
         found[0].length == 3 * GST_SECOND;
}

} // namespace

TEST_P(StretchesTest, AreFoundByWhatIsSeen) {
  Look look(GetParam());
  const Colour grey{100, 128, 128};
  EXPECT_TRUE(holds_only(look.at(grey, grey), Kind::frozen));
  EXPECT_TRUE(look.at(grey, {110, 128, 128}).empty()) << "brightness moves";
  EXPECT_TRUE(look.at(grey, {100, 150, 128}).empty()) << "blue moves";
  EXPECT_TRUE(look.at(grey, {100, 128, 150}).empty()) << "red moves";
  EXPECT_TRUE(holds_only(look.at({20, 90, 128}, {20, 160, 128}), Kind::black));
  EXPECT_TRUE(holds_only(look.at({20, 128, 90}, {20, 128, 160}), Kind::black));
}

INSTANTIATE_TEST_SUITE_P(Layouts, StretchesTest,
                         testing::Values("I420", "YV12", "NV12", "NV21", "Y42B", "Y444", "YUY2",
                                         "UYVY", "AYUV", "A420", "Y41B", "I420_10LE", "P010_10LE",
                                         "v210"),
                         [](const auto& param) { return std::string(param.param); });
