// SPDX-License-Identifier: LGPL-2.1-or-later
// The camera: exact length, size and colour tags, moves, ends on the last frame, leaves nothing
// behind when stopped.
#include "media/picture.h"
#include "service/preview/camera.h"
#include "service/preview/preview.h"

#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

#include <gst/pbutils/pbutils.h>
#include <gst/video/video.h>

using namespace aigc;
using namespace aigc::preview;
namespace fs = std::filesystem;

namespace {

class Film : public testing::Test {
 protected:
  void SetUp() override {
    gchar* name = g_dir_make_tmp("aigc-film-XXXXXX", nullptr);
    folder_ = take_string(name);
    order_.path = folder_ + "/clip.mp4";
    order_.scene.script = "一只猫在花园里，花瓣飘落，镜头推进";
    order_.scene.width = 192;
    order_.scene.height = 108;
    order_.duration = 1;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void shoot() { film(order_, cancel_, {}); }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  /// All frames of the clip as RGBA.
  std::vector<Raster> frames() {
    const std::string line = "filesrc location=" + order_.path +
                             " ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! videoconvert ! "
                             "video/x-raw,format=RGBA ! appsink name=sink sync=false";
    ErrorSlot error;
    auto pipeline =
        adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), error.out()))));
    EXPECT_FALSE(error) << error.message();
    const auto sink = adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    std::vector<Raster> list;
    for (;;) {
      GstSample* sample = nullptr;
      g_signal_emit_by_name(sink.get(), "pull-sample", &sample);
      if (!sample) break;
      const auto owner = adopt(sample);
      GstVideoInfo info;
      gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
      const BufferMap map(gst_sample_get_buffer(sample), GST_MAP_READ);
      list.push_back({info.width, info.height, {map.data(), map.data() + map.size()}});
    }
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return list;
  }

  static double difference(const Raster& a, const Raster& b) {
    double sum = 0;
    for (size_t i = 0; i < a.rgba.size(); ++i)
      sum += std::abs(a.rgba[i] - b.rgba[i]);
    return sum / static_cast<double>(a.rgba.size());
  }

  static Raster plain(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
    Raster raster{width, height, {}};
    for (int i = 0; i < width * height; ++i)
      raster.rgba.insert(raster.rgba.end(), {r, g, b, 255});
    return raster;
  }

  std::string folder_;
  FilmOrder order_;
  Cancel cancel_;
};

} // namespace

TEST_F(Film, HasTheLengthSizeAndTagsOfItsOrder) {
  order_.duration = 1.23;
  order_.fps = 24;
  shoot();
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(frames().size(), 30u); // round(1.23 * 24)
  const auto discoverer = adopt(gst_discoverer_new(10 * GST_SECOND, nullptr));
  const std::string uri = take_string(gst_filename_to_uri(order_.path.c_str(), nullptr));
  const auto info = adopt(gst_discoverer_discover_uri(discoverer.get(), uri.c_str(), nullptr));
  ASSERT_EQ(gst_discoverer_info_get_result(info.get()), GST_DISCOVERER_OK);
  EXPECT_NEAR(double(gst_discoverer_info_get_duration(info.get())), 1.25e9, 2e7);
  GList* streams = gst_discoverer_info_get_video_streams(info.get());
  ASSERT_NE(streams, nullptr);
  auto* video = static_cast<GstDiscovererVideoInfo*>(streams->data);
  EXPECT_EQ(gst_discoverer_video_info_get_width(video), 192u);
  EXPECT_EQ(gst_discoverer_video_info_get_height(video), 108u);
  EXPECT_EQ(gst_discoverer_video_info_get_framerate_num(video), 24u);
  EXPECT_FALSE(gst_discoverer_video_info_is_interlaced(video));
  const auto caps = adopt(gst_discoverer_stream_info_get_caps(GST_DISCOVERER_STREAM_INFO(video)));
  EXPECT_STREQ(gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "colorimetry"),
               "bt709");
  gst_discoverer_stream_info_list_free(streams);
}

TEST_F(Film, StartsOnItsKeyframeAndMoves) {
  order_.keyframe = paint(order_.scene, cancel_);
  shoot();
  const auto all = frames();
  const double coded = difference(all.front(), decode_picture(order_.keyframe.get(), cancel_));
  EXPECT_LT(coded, 3);
  EXPECT_GT(difference(all.front(), all.back()), coded + 2);
}

TEST_F(Film, TheSameOrderGivesTheSameBytes) {
  order_.scene.width = 960;
  order_.scene.height = 540;
  shoot();
  gchar* data = nullptr;
  gsize size = 0;
  ASSERT_TRUE(g_file_get_contents(order_.path.c_str(), &data, &size, nullptr));
  const std::string first(data, size);
  g_free(data);
  // Long enough for a clock of seconds to move on.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  shoot();
  ASSERT_TRUE(g_file_get_contents(order_.path.c_str(), &data, &size, nullptr));
  EXPECT_TRUE(first == std::string(data, size));
  g_free(data);
}

TEST_F(Film, TakesAForeignPicture) {
  for (const char* mime : {"image/png", "image/jpeg", "image/webp"}) {
    order_.keyframe = encode_picture(plain(300, 300, 200, 60, 40), mime, cancel_);
    order_.scene.script = "";
    order_.scene.motion = "pan left";
    shoot();
    const auto all = frames();
    ASSERT_EQ(all.size(), 30u);
    for (const Raster* raster : {&all.front(), &all.back()}) {
      EXPECT_NEAR(raster->rgba[0], 200, 8) << mime;
      EXPECT_NEAR(raster->rgba[raster->rgba.size() - 3], 60, 8) << mime;
    }
  }
}

TEST_F(Film, BeginsOnAForeignPictureAndThenMoves) {
  order_.scene.script = "风雪中的花瓣，下雨";
  // Without its scene a keyframe is a picture like any other.
  const Raster picture = decode_picture(paint(order_.scene, cancel_).get(), cancel_);
  order_.keyframe = encode_picture(picture, "image/png", cancel_);
  for (const char* motion : {"push in", "pull out", "pan left", "crane up", "orbit"}) {
    SCOPED_TRACE(motion);
    order_.scene.motion = motion;
    shoot();
    const auto all = frames();
    ASSERT_EQ(all.size(), 30u);
    const double coded = difference(all.front(), picture);
    EXPECT_LT(coded, 3);
    EXPECT_GT(difference(all.back(), picture), coded + 2);
    for (size_t i = 1; i < all.size(); ++i) // and nothing jumps on the way
      EXPECT_LT(difference(all[i], all[i - 1]), 6) << i;
  }
}

TEST_F(Film, EndsOnTheLastFrame) {
  order_.last_frame = encode_picture(plain(192, 108, 20, 60, 220), "image/png", cancel_);
  shoot();
  const auto all = frames();
  EXPECT_GT(difference(all.front(), plain(192, 108, 20, 60, 220)), 20);
  EXPECT_LT(difference(all.back(), plain(192, 108, 20, 60, 220)), 5);
}

TEST_F(Film, TakesAnySize) {
  for (const auto& [width, height] :
       {std::pair{64, 64}, {65, 63}, {90, 160}, {320, 32}, {32, 320}}) {
    order_.scene.width = width;
    order_.scene.height = height;
    order_.duration = 0.2;
    shoot();
    const auto all = frames();
    ASSERT_EQ(all.size(), 6u);
    EXPECT_EQ(all[0].width, width + width % 2);
    EXPECT_EQ(all[0].height, height + height % 2);
  }
}

TEST_F(Film, CancelEndsItAtOnceAndLeavesNothing) {
  order_.scene.width = 1280;
  order_.scene.height = 720;
  order_.duration = 60;
  // From another thread, once frames are being written.
  std::chrono::steady_clock::time_point asked;
  std::thread other;
  const auto stop = [&](int) {
    if (other.joinable()) return;
    asked = std::chrono::steady_clock::now();
    other = std::thread([&] { cancel_.cancel(); });
  };
  try {
    film(order_, cancel_, stop);
    ADD_FAILURE() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled);
  }
  const auto took = std::chrono::steady_clock::now() - asked;
  other.join();
  EXPECT_LT(took, std::chrono::milliseconds(200));
  EXPECT_EQ(files(), 0u);
}

TEST_F(Film, BadPicturesAndPlacesAreErrorsWithoutFiles) {
  const auto fault = [&] {
    try {
      shoot();
    } catch (const Error& error) {
      return error.fault;
    }
    return Fault::timeout;
  };
  order_.keyframe = adopt(g_bytes_new_static("no picture", 10));
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(files(), 0u);
  order_.keyframe = nullptr;
  order_.path = folder_ + "/missing/clip.mp4";
  EXPECT_EQ(fault(), Fault::write);
}

TEST_F(Film, TellsItsProgress) {
  std::vector<int> told;
  film(order_, cancel_, [&](int percent) { told.push_back(percent); });
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 100);
}

TEST(Camera, EasesAndStaysInItsRoom) {
  for (const char* motion : {"push_in", "pull_out", "pan_left", "pan_right", "crane_up",
                             "crane_down", "orbit", "static"})
    for (const bool flat : {false, true}) {
      const Camera camera({motion}, flat);
      for (int i = 0; i <= 100; ++i) {
        const CameraPose pose = camera.at(i / 100.0);
        const double room = flat ? std::max(0.0, (pose.zoom - 1) / 2) + 1e-9 : 0.09;
        EXPECT_LE(std::abs(pose.x), room) << motion;
        EXPECT_LE(std::abs(pose.y), room) << motion;
        EXPECT_GE(pose.zoom, flat ? 1 / (1 + 2 * kFlatMargin) : 0.85) << motion;
      }
      // Whatever the move, it begins on the picture as it is.
      EXPECT_EQ(camera.at(0).zoom, 1) << motion;
      EXPECT_EQ(camera.at(0).x, 0) << motion;
      EXPECT_EQ(camera.at(0).y, 0) << motion;
      // No jump at the ends.
      EXPECT_NEAR(camera.at(0.01).x, camera.at(0).x, 1e-4);
      EXPECT_NEAR(camera.at(0.99).zoom, camera.at(1).zoom, 1e-4);
    }
  EXPECT_GT(Camera({"push_in"}, false).at(1).zoom, 1.1);
  EXPECT_LT(Camera({"pan_right"}, false).at(1).x, -0.05);
}
