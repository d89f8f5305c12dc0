// SPDX-License-Identifier: LGPL-2.1-or-later
// The storyboard artist: deterministic, different for different words, at any size, and its PNG
// tells what it was painted from.
#include "media/colour.h"
#include "media/picture.h"
#include "service/preview/keyframe_png.h"
#include "service/preview/layers.h"
#include "service/preview/planes.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

using namespace aigc;
using namespace aigc::preview;

namespace {

Scene scene_of(const char* script, int width = 320, int height = 180) {
  Scene scene;
  scene.script = script;
  scene.width = width;
  scene.height = height;
  return scene;
}

std::string bytes_of(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  return {data, size};
}

Raster painted(const Scene& scene) {
  Cancel cancel;
  return decode_picture(paint(scene, cancel).get(), cancel);
}

/// Mean CIEDE2000 from a pixel to the nearest colour of `palette`.
double distance_to(const Raster& raster, const std::vector<std::uint32_t>& palette) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < raster.rgba.size(); i += 4 * 13) {
    const Lab own = lab_of({raster.rgba[i], raster.rgba[i + 1], raster.rgba[i + 2]});
    double least = 1000;
    for (const std::uint32_t colour : palette)
      least =
          std::min(least, colour_difference(own, lab_of({static_cast<std::uint8_t>(colour >> 16),
                                                         static_cast<std::uint8_t>(colour >> 8),
                                                         static_cast<std::uint8_t>(colour)})));
    sum += least;
    ++count;
  }
  return sum / double(count);
}

/// Share of pixels that differ by more than a shade.
double difference(const Raster& a, const Raster& b) {
  size_t different = 0;
  for (size_t i = 0; i < a.rgba.size(); i += 4)
    different += std::abs(a.rgba[i] - b.rgba[i]) + std::abs(a.rgba[i + 1] - b.rgba[i + 1]) +
                     std::abs(a.rgba[i + 2] - b.rgba[i + 2]) >
                 24;
  return double(different) / (double(a.width) * a.height);
}

} // namespace

TEST(Paint, SameSceneGivesTheSameBytes) {
  Cancel cancel;
  const Scene scene = scene_of("熊猫在竹林里吃竹子，一只不明物");
  EXPECT_EQ(bytes_of(paint(scene, cancel).get()), bytes_of(paint(scene, cancel).get()));
}

TEST(Paint, SeedAndWordsAndStyleChangeThePicture) {
  Scene scene = scene_of("a cat in the garden");
  const Raster first = painted(scene);
  EXPECT_GT(difference(first, painted(scene_of("a whale in the sea"))), 0.5);
  EXPECT_GT(difference(first, painted(scene_of("a dog in the garden"))), 0.02);
  scene.seed = 7;
  EXPECT_GT(difference(first, painted(scene)), 0.02);
  scene.seed = 0;
  scene.style = "ink";
  EXPECT_GT(difference(first, painted(scene)), 0.5);
}

TEST(Paint, EveryPlaceWeatherAndLightLooksDifferent) {
  const auto all_differ = [](std::span<const Names> table, const char* with) {
    std::vector<Raster> seen;
    for (const Names& names : table) {
      const std::string first = std::string(names.en).substr(0, std::string(names.en).find('|'));
      const Raster raster = painted(scene_of((first + with).c_str(), 160, 90));
      for (const Raster& other : seen)
        EXPECT_GT(difference(raster, other), 0.04) << names.id;
      seen.push_back(raster);
    }
  };
  all_differ(places(), ", a cat");
  all_differ(lights(), ", a cat on the grassland");
}

TEST(Paint, EverySubjectLeavesAMark) {
  Cancel cancel;
  for (const Subject& subject : subjects()) {
    Scene scene = scene_of(subject.names.id, 128, 72);
    scene.script = std::string(subject.names.zh).substr(0, std::string(subject.names.zh).find('|'));
    const Plan plan = make_plan(scene);
    ASSERT_EQ(plan.reading.subjects.size(), 1u) << scene.script;
    EXPECT_STREQ(plan.reading.subjects[0]->names.id, subject.names.id) << scene.script;
    EXPECT_NO_THROW(paint(scene, cancel));
  }
}

TEST(Paint, UnknownWordsStandOnACard) {
  Cancel cancel;
  const auto layers = [&](const char* words) {
    return paint_layers(scene_of(words), cancel).layers;
  };
  // The tag is fixed; a card is the second fixed layer.
  const auto fixed = [](const std::vector<Layer>& list) {
    return std::count_if(list.begin(), list.end(), [](const Layer& layer) { return layer.fixed; });
  };
  EXPECT_EQ(fixed(layers("a cat")), 1);
  EXPECT_EQ(fixed(layers("a cat and a toaster")), 2);
  EXPECT_EQ(fixed(layers("toaster")), 2);
}

TEST(Paint, ABrandsPaletteIsWhatItPaintsIn) {
  const std::vector<std::vector<std::uint32_t>> palettes = {
      {0x2f5d50, 0xf4efe2, 0xc8443a, 0xd9a441}, {0x0b3d91, 0xffffff}, {0xe91e63}};
  for (const auto& palette : palettes) {
    double without = 0, with = 0;
    for (const char* words :
         {"早安，清晨的茶园，一杯茶", "新品上线，瓷杯与春茶", "周末特惠，街边的咖啡馆",
          "中秋，明月下的古镇和灯笼", "招聘，城市天台上的年轻人", "会员日，花园里的猫",
          "冬至，雪夜小镇，热汤面", "直播预告，霓虹城市夜景", "感谢，夕阳下的海边灯塔"}) {
      Scene scene = scene_of(words);
      without += distance_to(painted(scene), palette);
      scene.palette = palette;
      with += distance_to(painted(scene), palette);
    }
    EXPECT_LT(with, 0.65 * without) << palette.front();
  }
}

TEST(Paint, InABrandsColoursItIsStillAPicture) {
  Scene scene = scene_of("a cat in the garden");
  const Raster own = painted(scene);
  scene.palette = {0x2f5d50, 0xf4efe2};
  const Raster dressed = painted(scene);
  EXPECT_GT(difference(own, dressed), 0.5);
  // What was lighter or darker than what is beside it still is.
  const auto light_at = [](const Raster& raster, size_t pixel) {
    return lab_of({raster.rgba[4 * pixel], raster.rgba[4 * pixel + 1], raster.rgba[4 * pixel + 2]})
        .l;
  };
  size_t compared = 0, kept = 0;
  for (size_t i = 0; i + 40 < own.rgba.size() / 4; i += 17) {
    const double step = light_at(own, i + 40) - light_at(own, i);
    if (std::abs(step) < 10) continue;
    ++compared;
    kept += step * (light_at(dressed, i + 40) - light_at(dressed, i)) > 0;
  }
  ASSERT_GT(compared, 100u);
  EXPECT_GT(double(kept) / double(compared), 0.9);
}

TEST(Paint, TakesAnySize) {
  for (const auto& [width, height] :
       {std::pair{64, 64}, {65, 63}, {2, 2}, {180, 320}, {640, 36}, {36, 640}}) {
    const Raster raster = painted(scene_of("下雨的街上，撑伞的女孩和一盏灯", width, height));
    EXPECT_EQ(raster.width, width + width % 2);
    EXPECT_EQ(raster.height, height + height % 2);
  }
}

TEST(Paint, TheKeyframeTellsItsScene) {
  Cancel cancel;
  Scene scene = scene_of("a \"quoted\" 猫");
  scene.motion = "orbit";
  scene.seed = 42;
  scene.palette = {0x2f5d50, 0xffffff};
  const auto png = paint(scene, cancel);
  const auto found = read_scene(png.get());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->script, scene.script);
  EXPECT_EQ(found->motion, "orbit");
  EXPECT_EQ(found->seed, 42);
  EXPECT_EQ(found->palette, scene.palette);
  EXPECT_EQ(found->width, 320);
  // Another tool's picture, and ours with the pixels of another, have none.
  EXPECT_FALSE(
      read_scene(encode_picture(decode_picture(png.get(), cancel), "image/png", cancel).get()));
  std::string bytes = bytes_of(png.get());
  const std::string other = bytes_of(paint(scene_of("a dog"), cancel).get());
  const auto text_at = [](const std::string& png_bytes) { return png_bytes.find("iTXt") - 4; };
  const std::string mixed = other.substr(0, text_at(other)) + bytes.substr(text_at(bytes));
  EXPECT_FALSE(read_scene(adopt(g_bytes_new(mixed.data(), mixed.size())).get()));
}

TEST(Paint, StopsWhenCancelled) {
  Cancel cancel;
  cancel.cancel();
  EXPECT_THROW(paint(scene_of("a cat"), cancel), Error);
}

TEST(Paint, ManyThreadsPaintTheSame) {
  const auto once = [] {
    Cancel cancel;
    return bytes_of(paint(scene_of("一只猫和量子烤面包机", 160, 90), cancel).get());
  };
  const std::string expected = once();
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] { result = once(); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& result : results)
    EXPECT_EQ(result, expected);
}

namespace {

/// A white square of 8 pixels on nothing, or a grey plane.
LayerPlanes square() {
  Canvas canvas(16, 16);
  set_colour(canvas.cr(), rgb(0xffffff));
  cairo_rectangle(canvas.cr(), 4, 4, 8, 8);
  cairo_fill(canvas.cr());
  return to_planes(canvas);
}

struct TestFrame {
  TestFrame(int w, int h)
      : bytes(size_t(w) * size_t(h) * 3 / 2), target{w,
                                                     h,
                                                     {bytes.data(), bytes.data() + w * h,
                                                      bytes.data() + w * h * 5 / 4},
                                                     {w, w / 2, w / 2}} {}
  std::vector<std::uint8_t> bytes;
  Target target;
  int luma(int x, int y) const { return bytes[static_cast<size_t>(y * target.width + x)]; }
};

} // namespace

TEST(Planes, LayAtWholeAndHalfPixels) {
  Canvas black(64, 32);
  set_colour(black.cr(), rgb(0x000000));
  cairo_paint(black.cr());
  const LayerPlanes back = to_planes(black), layer = square();
  TestFrame frame(64, 32);
  compose({{&back, 0, 0, 1}, {&layer, 20, 8, 1}}, frame.target);
  EXPECT_EQ(frame.luma(0, 0), 16);
  EXPECT_EQ(frame.luma(23, 14), 16);
  EXPECT_EQ(frame.luma(24, 14), 235);
  EXPECT_EQ(frame.luma(31, 14), 235);
  EXPECT_EQ(frame.luma(32, 14), 16);
  EXPECT_EQ(frame.target.data[1][0], 128);
  compose({{&back, 0, 0, 1}, {&layer, 20.5, 8, 1}}, frame.target);
  EXPECT_NEAR(frame.luma(24, 14), 126, 2);
  EXPECT_EQ(frame.luma(25, 14), 235);
  EXPECT_NEAR(frame.luma(32, 14), 126, 2);
  compose({{&back, 0, 0, 1}, {&layer, 20, 8, 1.5}}, frame.target);
  EXPECT_EQ(frame.luma(30, 16), 235);
  EXPECT_EQ(frame.luma(39, 16), 16);
}

TEST(Planes, LieBeyondTheFrameWithoutHarm) {
  Canvas black(64, 32);
  set_colour(black.cr(), rgb(0x000000));
  cairo_paint(black.cr());
  const LayerPlanes back = to_planes(black), layer = square();
  TestFrame frame(64, 32);
  for (const double x : {-100.0, -12.3, -4.0, 55.7, 63.9, 200.0})
    for (const double y : {-50.0, -7.5, 25.2, 90.0})
      compose({{&back, 0, 0, 1}, {&layer, x, y, 0.7}, {&layer, y, x, 2}}, frame.target);
  EXPECT_EQ(frame.luma(32, 16), 16);
}
