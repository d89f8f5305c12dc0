// SPDX-License-Identifier: LGPL-2.1-or-later
// What is found in a clip before it goes on air, against what ffmpeg's filters find.
#include "../clips.h"
#include "playout/inspection.h"

#include <chrono>
#include <gtest/gtest.h>
#include <thread>

using namespace aigc;
using clips::TempDir;

namespace {

using Kind = Stretch::Kind;

Inspection inspect(const std::string& path) {
  Cancel cancel;
  return inspect_clip(clips::uri_of(path), cancel);
}

/// Moving pictures and a tone, but for `black`, `frozen` and `silent` seconds in the middle.
std::string with_faults(const TempDir& dir, double black, double frozen, double silent) {
  const std::string path = dir / "faults.mp4";
  const auto text = [](double value) { return std::to_string(value); };
  const auto between = [&](double start, double length) {
    return "between(t," + text(start) + "," + text(start + length - 0.001) + ")";
  };
  std::string command = "ffmpeg -nostdin -v error -y -f lavfi -i \"testsrc2=s=320x180:r=25:d=4\" "
                        "-f lavfi -i \"color=black:s=320x180:r=25:d=" +
                        text(black) +
                        "\" "
                        "-f lavfi -i \"smptebars=s=320x180:r=25:d=" +
                        text(frozen) +
                        "\" "
                        "-f lavfi -i \"testsrc2=s=320x180:r=25:d=1\" "
                        "-f lavfi -i \"aevalsrc='if(" +
                        between(1, silent) +
                        ",0,0.3*sin(2*PI*440*t))':s=48000:d=" + text(5 + black + frozen) +
                        "\" -filter_complex \"[0][1][2][3]concat=n=4\" -c:v libx264 "
                        "-preset ultrafast -pix_fmt yuv420p -c:a aac " +
                        path;
  clips::run(command);
  return path;
}

const Stretch* find(const Inspection& inspection, Kind kind) {
  for (const Stretch& stretch : inspection.stretches)
    if (stretch.kind == kind) return &stretch;
  return nullptr;
}

double seconds(GstClockTime time) {
  return static_cast<double>(time) / GST_SECOND;
}

} // namespace

TEST(Inspection, FindsWhatIsWrongAndWhere) {
  const TempDir dir;
  const auto found = inspect(with_faults(dir, 1.0, 3.0, 2.5));
  EXPECT_NEAR(seconds(found.inspected), 9, 0.05);
  EXPECT_FALSE(found.damage) << found.damage->what();
  ASSERT_EQ(found.stretches.size(), 3u);
  const Stretch* black = find(found, Kind::black);
  ASSERT_TRUE(black);
  EXPECT_NEAR(seconds(black->start), 4, 0.03);
  EXPECT_NEAR(seconds(black->length), 1, 0.03);
  const Stretch* frozen = find(found, Kind::frozen);
  ASSERT_TRUE(frozen);
  EXPECT_NEAR(seconds(frozen->start), 5, 0.05);
  EXPECT_NEAR(seconds(frozen->length), 3, 0.06);
  const Stretch* silent = find(found, Kind::silent);
  ASSERT_TRUE(silent);
  EXPECT_NEAR(seconds(silent->start), 1, 0.06);
  EXPECT_NEAR(seconds(silent->length), 2.5, 0.1);
  EXPECT_NEAR(found.share(Kind::black), 1.0 / 9, 0.01);
  EXPECT_NEAR(found.share(Kind::frozen), 3.0 / 9, 0.01);
}

TEST(Inspection, TheSpeedIsMeasured) {
  const TempDir dir;
  const std::string path = dir / "clip.mp4";
  clips::run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=1280x720:r=25:d=5 -f lavfi -i "
             "sine=d=5 -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac " +
             path);
  const auto start = std::chrono::steady_clock::now();
  const auto found = inspect(path);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", static_cast<int>(took.count() * 1000));
  EXPECT_EQ(found.stretches.size(), 0u);
  EXPECT_LT(took.count(), 5);
}
