// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch against scripted drift. What is measured: ten clips of a world, each another scene of
// it (other subjects and seeds by the built-in artist, or a camera that goes along a wide picture,
// so that the tenth shares little with the first), drift in gain, gamma, saturation and hue growing
// from clip to clip. Scenes that differ cannot be compared pixel by pixel. So, once, the tenth clip
// comes back from elsewhere to what the group started with, and is compared with that (mean
// CIEDE2000 over all pixels); and then, each scene as the tenth clip is compared with itself as it
// was before the drift, and its mean colour with that of the group's start. The drift is worked out
// here, not by the code under test, in whole bytes, and clips where the drift leaves the range:
// what is lost there counts against lookmatch.
#include "look_rig.h"

using namespace look;

namespace {

struct World {
  std::string style;
  std::vector<std::string> scenes; ///< one alone: the camera goes along a wide picture of it
};

const std::vector<World>& worlds() {
  static const std::vector<World> all = {
      {"cinematic",
       {"熊猫在竹林里", "女孩在竹林里", "竹林里的小屋", "一只猫在竹林里", "竹林里的灯笼",
        "老人在竹林里遛狗", "狐狸在竹林里", "竹林里的桥", "竹林里的古筝", "竹林清晨薄雾"}},
      {"cyberpunk",
       {"机械狐狸在未来城市奔跑", "未来城市的雨夜", "女孩走在未来城市", "未来城市里的火车",
        "未来城市的猫", "未来城市上空的鲸鱼", "未来城市的灯", "未来城市的汽车", "机器人在未来城市",
        "未来城市的老人"}},
      {"documentary",
       {"沙漠里的骆驼", "沙漠里的金字塔", "沙漠里的女孩", "沙漠里的狐狸", "沙漠里的老人",
        "沙漠里的火车", "沙漠里的帐篷", "沙漠里的狼", "沙漠里的城堡", "沙漠，正午"}},
      {"cinematic", {"A lighthouse on the sea at golden hour"}},
      {"anime", {"a girl under cherry blossoms in the garden"}},
  };
  return all;
}

constexpr int kClips = 10, kWide = 576;

/// The first scene of each world.
const std::vector<Picture>& wide_scenes() {
  static const auto scenes = [] {
    std::vector<Picture> all;
    for (const World& world : worlds())
      all.push_back(painted(world.scenes[0], world.style, 3, kWide));
    return all;
  }();
  return scenes;
}

/// The ten clips' first pictures.
std::vector<Picture> scenes_of(const World& world, const Picture& wide) {
  std::vector<Picture> scenes;
  if (world.scenes.size() == 1) {
    for (int i = 0; i < kClips; ++i)
      scenes.push_back(window(wide, kWide, i * (kWide - kWidth) / (kClips - 1)));
  } else {
    for (int i = 0; i < kClips; ++i)
      scenes.push_back(painted(world.scenes[size_t(i)], world.style, 17 * i));
  }
  return scenes;
}

const std::vector<std::vector<Picture>>& all_scenes() {
  static const auto scenes = [] {
    std::vector<std::vector<Picture>> all;
    for (size_t i = 0; i < worlds().size(); ++i)
      all.push_back(scenes_of(worlds()[i], wide_scenes()[i]));
    return all;
  }();
  return scenes;
}

/// As a frame, and back: chroma at half the size is no drift.
Picture as_shown(const Picture& picture) {
  return picture_of(frame_of(picture).get());
}

struct Measured {
  double before = 0, after = 0; ///< tenth clip against itself without drift
  double start = 0;             ///< mean colour of the tenth, without drift, against the start's
  double start_before = 0, start_after = 0;
};

/// Adds what becomes of `scene` as the tenth clip.
void measure(Match& run, const Picture& start, const Picture& scene, const Drift& drift, int id,
             Measured& sum) {
  const Picture tenth = as_shown(scene), moved = drifted(scene, drift, kClips - 1);
  const Picture bad = as_shown(moved);
  const Picture out =
      picture_of(run.pass(moved, shot_of("shot-" + std::to_string(id), "world")).get());
  const Lab first = mean_colour(start);
  const auto to_start = [&](const Picture& picture) {
    return colour_difference(first, mean_colour(picture)) / (kClips - 1);
  };
  sum.before += difference(bad, tenth) / (kClips - 1);
  sum.after += difference(out, tenth) / (kClips - 1);
  sum.start += to_start(tenth);
  sum.start_before += to_start(bad);
  sum.start_after += to_start(out);
}

Measured measure(const std::vector<Picture>& scenes, const Drift& drift) {
  Match run;
  Measured sum;
  const Picture start = picture_of(run.pass(scenes[0], shot_of("shot-0", "world")).get());
  for (size_t i = 1; i < kClips; ++i)
    measure(run, start, scenes[i], drift, int(i), sum);
  return sum;
}

using Clip = std::vector<Picture>;

/// The frames of a list of clips of one group, through a pipeline.
std::vector<Picture> film(const std::vector<Clip>& clips) {
  GST_ELEMENT_REGISTER(lookmatch, nullptr);
  auto pipeline = adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(
      "appsrc name=in format=time ! lookmatch ! appsink name=out sync=false", nullptr))));
  const auto in = adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in")),
             out = adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  const GstVideoInfo info = format();
  const auto caps = adopt(gst_video_info_to_caps(&info));
  g_object_set(in.get(), "caps", caps.get(), nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime time = 0;
  for (size_t i = 0; i < clips.size(); ++i)
    for (const Picture& picture : clips[i]) {
      auto frame = frame_of(picture);
      Shot shot = shot_of("shot-" + std::to_string(i + 1), "world");
      shot.index = int(i);
      set_buffer_shot(frame.get(), shot);
      GST_BUFFER_PTS(frame.get()) = std::exchange(time, time + 40 * GST_MSECOND);
      GST_BUFFER_DURATION(frame.get()) = 40 * GST_MSECOND;
      g_signal_emit_by_name(in.get(), "push-buffer", frame.get(), &flow);
    }
  g_signal_emit_by_name(in.get(), "end-of-stream", &flow);
  std::vector<Picture> frames;
  GstSample* sample = nullptr;
  while (g_signal_emit_by_name(out.get(), "pull-sample", &sample), sample)
    frames.push_back(picture_of(gst_sample_get_buffer(adopt(sample).get())));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return frames;
}

class Drifts : public testing::TestWithParam<Drift> {};

} // namespace

TEST_P(Drifts, FallByFourFifthsFromTheStartToTheTenthClip) {
  for (const auto& scenes : all_scenes()) {
    const Measured one = measure(scenes, GetParam());
    std::printf("  %-14s clip %5.2f -> %5.2f, mean colour to start %5.2f -> %5.2f (%.2f "
                "without drift)\n",
                GetParam().name, one.before, one.after, one.start_before, one.start_after,
                one.start);
    EXPECT_GT(one.before, 7) << "a drift to speak of";
    EXPECT_LE(one.after, 0.2 * one.before) << "in each world";
    EXPECT_LE(one.start_after, one.start + 0.2 * one.start_before);
  }
}

/// The tenth clip begins at the other end of the scene that the group starts with; its look is
/// found there, and its last frame shows what the start showed.
TEST_P(Drifts, FallByFourFifthsBetweenTheStartAndATenthClipThatComesBackToIt) {
  for (size_t i = 0; i < worlds().size(); ++i) {
    const Picture& wide = wide_scenes()[i];
    std::vector<Clip> clips;
    clips.push_back({window(wide, kWide, 0)});
    for (int clip = 1; clip < kClips - 1; ++clip)
      clips.push_back({drifted(all_scenes()[i][size_t(clip)], GetParam(), clip)});
    clips.emplace_back();
    for (int left = kWide - kWidth; left >= 0; left -= kWidth / 2)
      clips.back().push_back(drifted(window(wide, kWide, left), GetParam(), kClips - 1));
    const std::vector<Picture> out = film(clips);
    ASSERT_EQ(out.size(), 9 + clips.back().size());
    const double before = difference(as_shown(clips.back().back()), as_shown(clips[0][0])),
                 after = difference(out.back(), out.front());
    std::printf("  %-14s start and tenth clip %5.2f -> %5.2f, %.0f %% less\n", GetParam().name,
                before, after, 100 * (1 - after / before));
    EXPECT_GT(before, 7) << "a drift to speak of";
    EXPECT_LE(after, 0.2 * before);
  }
}

INSTANTIATE_TEST_SUITE_P(Look, Drifts,
                         testing::Values(Drift{"darker", 0.965, 1.03, 0.95, 3},
                                         Drift{"brighter", 1.03, 0.97, 1.05, -3},
                                         Drift{"across", 0.97, 0.96, 1.06, 2.5},
                                         Drift{"darker in rgb", 0.965, 1.03, 0.95, 3, true}),
                         [](const auto& info) { return "Drift" + std::to_string(info.index); });

/// Scenes of one group that did not drift hardly change, and those of no group not at all.
TEST(Look, ClipsWithoutDriftChangeByLessThanOne) {
  double sum = 0;
  int clips = 0;
  for (const auto& scenes : all_scenes()) {
    Match run;
    for (int i = 0; i < kClips; ++i) {
      const auto in = frame_of(scenes[size_t(i)]);
      const auto out = run.pass(scenes[size_t(i)], shot_of(std::to_string(i), "world"));
      EXPECT_TRUE(i > 0 || same_bytes(in.get(), out.get())) << "the start stays what it is";
      const double change = difference(picture_of(in.get()), picture_of(out.get()));
      sum += change;
      ++clips;
    }
  }
  std::printf("  mean change %.2f\n", sum / clips);
  EXPECT_LT(sum / clips, 1);
}

/// Strangers in one group are brought nearer to each other, within bounds.
TEST(Look, ANightInADaysGroupStaysDark) {
  const Picture day = painted("a dog on the beach at noon", "cinematic", 1),
                night = painted("a street at night, rain, neon", "noir", 2);
  Match run;
  run.pass(day, shot_of("day", "trip"));
  const Picture out = picture_of(run.pass(night, shot_of("night", "trip")).get());
  const double light = mean_colour(day).l, dark = mean_colour(night).l;
  EXPECT_LT(mean_colour(out).l, dark + 0.5 * (light - dark));
}
