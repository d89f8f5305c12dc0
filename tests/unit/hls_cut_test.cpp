// SPDX-License-Identifier: LGPL-2.1-or-later
// Where segments begin and end, whatever the encoder does.
#include "media/grid.h"
#include "playout/hls_cut.h"

#include <gtest/gtest.h>
#include <vector>

using namespace aigc;

namespace {

constexpr GstClockTime kMs = GST_MSECOND;

/// What is listed: from, to, and whether it has a file.
struct Part {
  GstClockTime from, to;
  bool whole;
};

/// Lets frames of `grid` go by; `is_key` says which are key frames.
template <typename IsKey>
std::vector<Part> parts(HlsCut& cut, Grid grid, guint64 frames, IsKey is_key) {
  std::vector<Part> found;
  std::optional<Part> open;
  for (guint64 n = 0; n < frames; ++n) {
    const GstClockTime time = grid.time_of(n);
    const auto decision = cut.frame(time, grid.time_of(n + 1) - time, is_key(n));
    if (decision.end && open) found.push_back({open->from, *decision.end, open->whole});
    if (decision.end) open = Part{*decision.end, 0, false};
    if (decision.begin && open && open->from < time)
      found.push_back({open->from, time, open->whole});
    if (decision.begin) open = Part{time, 0, true};
    EXPECT_EQ(decision.keep, open && open->whole) << n;
  }
  return found;
}

} // namespace

TEST(HlsCut, CutsOnTheGridWhateverOtherKeyFramesThereAre) {
  for (const Grid grid : {Grid{25, 1}, Grid{30000, 1001}, Grid{24, 1}, Grid{50, 1}}) {
    HlsCut cut(6 * GST_SECOND);
    // The encoder makes the first frame at or after each point a key frame, and others at scenes.
    GstClockTime next = 0;
    std::vector<GstClockTime> asked;
    const auto found = parts(cut, grid, 50 * 100, [&](guint64 n) {
      for (auto t = cut.next_request(); GST_CLOCK_TIME_IS_VALID(t); t = cut.next_request())
        asked.push_back(t);
      const bool wanted = grid.time_of(n) >= next;
      if (wanted)
        next = asked.size() > next / (6 * GST_SECOND) ? asked[next / (6 * GST_SECOND)] : next + 1;
      return wanted || n % 37 == 0;
    });
    ASSERT_GT(found.size(), 10u);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(found[i].whole);
      EXPECT_NEAR(found[i].from, i * 6e9, 1e9 * grid.fps_d / grid.fps_n) << grid.fps_n;
    }
  }
}

TEST(HlsCut, AsksForAllGridPointsInTime) {
  HlsCut cut(2 * GST_SECOND);
  EXPECT_EQ(cut.next_request(), GST_CLOCK_TIME_NONE) << "before there is a grid";
  cut.frame(500 * kMs, 40 * kMs, true);
  for (GstClockTime second = 2; second <= 12; second += 2)
    EXPECT_EQ(cut.next_request(), second * GST_SECOND + 499 * kMs);
  EXPECT_EQ(cut.next_request(), GST_CLOCK_TIME_NONE);
}

TEST(HlsCut, BeginsWithAKeyFrame) {
  HlsCut cut;
  EXPECT_FALSE(cut.frame(0, 40 * kMs, false).keep);
  const auto decision = cut.frame(40 * kMs, 40 * kMs, true);
  EXPECT_TRUE(decision.begin && decision.keep);
}

TEST(HlsCut, NoSegmentLastsLongerThanItsRounding) {
  HlsCut cut(6 * GST_SECOND);
  const auto found = parts(cut, {25, 1}, 25 * 60, [](guint64 n) { return n % 250 == 0; });
  ASSERT_GE(found.size(), 10u);
  EXPECT_EQ(found[0].to, 6480 * kMs);
  EXPECT_TRUE(found[0].whole);
  EXPECT_EQ(found[1].to, 10000 * kMs);
  EXPECT_FALSE(found[1].whole);
  EXPECT_EQ(found[2].from, 10000 * kMs);
  for (const auto& part : found)
    EXPECT_LT(part.to - part.from, 6500 * kMs);
}

TEST(HlsCut, WithoutAnyKeyFrameWhatIsMissingIsToldInPieces) {
  HlsCut cut(6 * GST_SECOND);
  const auto found = parts(cut, {25, 1}, 25 * 60, [](guint64 n) { return n == 0; });
  ASSERT_EQ(found.size(), 9u);
  EXPECT_TRUE(found[0].whole);
  for (size_t i = 1; i < found.size(); ++i) {
    EXPECT_FALSE(found[i].whole);
    EXPECT_EQ(found[i].from, found[i - 1].to);
    EXPECT_EQ(found[i].to - found[i].from, 6 * GST_SECOND);
  }
}

TEST(HlsCut, AHoleInTheStreamIsNotPartOfASegment) {
  HlsCut cut(6 * GST_SECOND);
  cut.frame(0, 40 * kMs, true);
  cut.frame(40 * kMs, 40 * kMs, false);
  const auto decision = cut.frame(90 * GST_SECOND, 40 * kMs, true);
  EXPECT_EQ(decision.end, 80 * kMs);
  EXPECT_TRUE(decision.begin && decision.keep);
}

TEST(HlsCut, AnotherFormatBeginsASegmentAtOnce) {
  HlsCut cut(6 * GST_SECOND);
  cut.frame(0, 40 * kMs, true);
  EXPECT_FALSE(cut.frame(1000 * kMs, 40 * kMs, true).begin);
  cut.cut_at_next_key();
  EXPECT_FALSE(cut.frame(1040 * kMs, 40 * kMs, false).begin);
  EXPECT_TRUE(cut.frame(1080 * kMs, 40 * kMs, true).begin);
  EXPECT_FALSE(cut.frame(5000 * kMs, 40 * kMs, true).begin) << "then the grid goes on";
  EXPECT_TRUE(cut.frame(6000 * kMs, 40 * kMs, true).begin);
}
