// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch against scripted drift. What is measured: ten clips of a world, each another scene of
// it (other subjects and seeds by the built-in artist, or a camera that goes along a wide picture,
// so that the tenth shares little with the first), drift in gain, gamma, saturation and hue growing
// from clip to clip. Scenes that differ cannot be compared pixel by pixel, so the tenth clip is
// compared with itself as it was before the drift (mean CIEDE2000 over all pixels), and its mean
// colour with that of the group's start. The drift is worked out here, not by the code under test,
// in whole bytes, and clips where the drift leaves the range: what is lost there counts against
// lookmatch.
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

/// The ten clips' first pictures.
std::vector<Picture> scenes_of(const World& world) {
  std::vector<Picture> scenes;
  if (world.scenes.size() == 1) {
    const Picture wide = painted(world.scenes[0], world.style, 3, kWide);
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
    for (const World& world : worlds())
      all.push_back(scenes_of(world));
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

class Drifts : public testing::TestWithParam<Drift> {};

} // namespace

TEST_P(Drifts, FallByFourFifthsFromTheStartToTheTenthClip) {
  Measured sum;
  for (const auto& scenes : all_scenes()) {
    const Measured one = measure(scenes, GetParam());
    std::printf("  %-14s clip %5.2f -> %5.2f, mean colour to start %5.2f -> %5.2f (%.2f "
                "without drift)\n",
                GetParam().name, one.before, one.after, one.start_before, one.start_after,
                one.start);
    EXPECT_GT(one.before, 7) << "a drift to speak of";
    EXPECT_LE(one.after, 0.3 * one.before) << "in each world";
    EXPECT_LE(one.start_after, one.start + 0.2 * one.start_before);
    sum.before += one.before;
    sum.after += one.after;
  }
  EXPECT_LE(sum.after, 0.2 * sum.before);
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
