// SPDX-License-Identifier: LGPL-2.1-or-later
// What is found in a clip before it goes on air, against what ffmpeg's filters find.
#include "../clips.h"
#include "playout/inspection.h"

#include <algorithm>
#include <chrono>
#include <ctime>
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

constexpr const char* kFast = " -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac ";

std::string film(const TempDir& dir, const std::string& inputs, const std::string& more = {},
                 const char* name = "clip.mp4") {
  const std::string path = dir / name;
  clips::run("ffmpeg -nostdin -v error -y " + inputs + kFast + more + path);
  return path;
}

/// Moving pictures and a tone, but for `black`, `frozen` and `silent` seconds in the middle.
std::string with_faults(const TempDir& dir, double black, double frozen, double silent) {
  const auto source = [](const std::string& what, double length) {
    return "-f lavfi -i \"" + what + ":d=" + std::to_string(length) + "\" ";
  };
  const std::string picture = "=s=320x180:r=25";
  const std::string sound = "aevalsrc='if(between(t,1," + std::to_string(1 + silent) +
                            "),0,0.3*sin(2*PI*440*t))':s=48000";
  return film(dir, source("testsrc2" + picture, 4) + source("color=black:s=320x180:r=25", black) +
                       source("smptebars" + picture, frozen) + source("testsrc2" + picture, 1) +
                       source(sound, 5 + black + frozen) +
                       "-filter_complex \"[0][1][2][3]concat=n=4\"");
}

/// The stretches that ffmpeg's own filters find, one that lasts to the end but for its length.
std::vector<Stretch> by_filters(const std::string& path, GstClockTime span) {
  g_autofree gchar* log = nullptr;
  const std::string command =
      "ffmpeg -nostdin -hide_banner -i " + path +
      " -vf blackdetect=d=0.5,freezedetect=d=2 -af silencedetect=d=2 -f null -";
  EXPECT_TRUE(g_spawn_command_line_sync(command.c_str(), nullptr, &log, nullptr, nullptr));
  const std::string text = log;
  const auto values = [&](const std::string& name) {
    std::vector<double> found;
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
      found.push_back(std::stod(text.substr(at + name.size())));
    return found;
  };
  std::vector<Stretch> stretches;
  const auto add = [&](Kind kind, const std::string& start, const std::string& end) {
    const auto starts = values(start), ends = values(end);
    for (size_t i = 0; i < starts.size(); ++i) {
      const auto from = static_cast<GstClockTime>(std::max(0.0, starts[i]) * GST_SECOND);
      const auto to = i < ends.size() ? static_cast<GstClockTime>(ends[i] * GST_SECOND) : span;
      stretches.push_back({kind, from, to - from});
    }
  };
  add(Kind::black, "black_start:", "black_end:");
  add(Kind::frozen, "freeze_start: ", "freeze_end: ");
  add(Kind::silent, "silence_start: ", "silence_end: ");
  return stretches;
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

TEST(Inspection, WhatIsTooShortDoesNotCount) {
  const TempDir dir;
  EXPECT_TRUE(inspect(with_faults(dir, 0.4, 1.8, 1.8)).stretches.empty());
}

TEST(Inspection, FindsWhatTheFiltersOfFfmpegFind) {
  const TempDir dir;
  const std::string noise = "-f lavfi -i anoisesrc=d=6:a=0.3 ", move = "r=25:s=320x180:d=6\" ";
  const std::vector<std::string> films = {
      // A dark scene with a lamp, which is not black; and one that is.
      "-f lavfi -i \"color=0x0c0c0c,drawbox=w=60:h=60:c=white:t=fill:enable='lt(t,3)',"
      "noise=alls=4:allf=t,trim=duration=6\" " +
          noise,
      // Titles that stand still; a slow fade through black; grain on a still.
      "-f lavfi -i \"smptehdbars=" + move + noise,
      "-f lavfi -i \"testsrc2=r=25:s=320x180:d=6,eq=brightness='-1+abs(t-3)/2':eval=frame\" " +
          noise,
      "-f lavfi -i \"smptebars=r=25:s=320x180:d=6,noise=alls=2:allf=t\" " + noise,
      // Speech with a pause; hiss just below and just above the threshold.
      "-f lavfi -i \"testsrc2=r=25:s=160x90:d=6\" -f lavfi -i "
      "\"anoisesrc=d=6:a=0.3,volume='if(between(t,1.5,4),0,1)':eval=frame\" ",
      "-f lavfi -i \"testsrc2=r=25:s=160x90:d=6\" -f lavfi -i "
      "anoisesrc=d=6:a=0.0005 ",
      "-f lavfi -i \"testsrc2=r=25:s=160x90:d=6\" -f lavfi -i anoisesrc=d=6:a=0.01 ",
  };
  size_t stretches = 0;
  for (const std::string& inputs : films) {
    SCOPED_TRACE(inputs);
    const std::string path = film(dir, inputs);
    const auto found = inspect(path);
    const auto expected = by_filters(path, found.clip.span);
    stretches += expected.size();
    ASSERT_EQ(found.stretches.size(), expected.size());
    for (const Stretch& one : expected) {
      const bool same =
          std::any_of(found.stretches.begin(), found.stretches.end(), [&](const Stretch& other) {
            return other.kind == one.kind &&
                   std::abs(seconds(other.start) - seconds(one.start)) < 0.06 &&
                   std::abs(seconds(other.length) - seconds(one.length)) < 0.1;
          });
      EXPECT_TRUE(same) << int(one.kind) << " " << seconds(one.start) << " " << seconds(one.length);
    }
  }
  EXPECT_GE(stretches, 5u);
}

TEST(Inspection, SoundThatEndsEarlyLeavesSilence) {
  const TempDir dir;
  const auto found =
      inspect(film(dir, "-f lavfi -i testsrc2=s=160x90:r=25:d=6 -f lavfi -i sine=d=3 "));
  ASSERT_EQ(found.stretches.size(), 1u);
  EXPECT_EQ(found.stretches[0].kind, Kind::silent);
  EXPECT_NEAR(seconds(found.stretches[0].start), 3, 0.1);
  EXPECT_NEAR(seconds(found.stretches[0].length), 3, 0.1);
}

TEST(Inspection, AClipBlackAllThroughIsRefused) {
  const TempDir dir;
  const std::string path = film(dir, "-f lavfi -i color=black:s=160x90:r=25:d=3 ");
  try {
    inspect(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::format);
    EXPECT_NE(std::string(error.what()).find("black from start to end"), std::string::npos);
  }
}

TEST(Inspection, AStillWithoutSoundMayBeMeant) {
  const TempDir dir;
  const auto found = inspect(film(dir, "-f lavfi -i smptebars=s=160x90:r=25:d=3 "));
  EXPECT_EQ(found.share(Kind::frozen), 1);
  EXPECT_EQ(found.share(Kind::silent), 0); // there is no sound to judge
  EXPECT_FALSE(found.clip.has_audio);
}

TEST(Inspection, OfALongClipPartsAreLookedAt) {
  const TempDir dir;
  const auto found = inspect(film(dir,
                                  "-f lavfi -i \"testsrc2=s=64x36:r=2:d=150,drawbox=c=black:t=fill:"
                                  "enable='gt(t,74)'\" -f lavfi -i \"sine=r=8000:d=150\" ",
                                  "-g 20 -c:a pcm_s16le -output_ts_offset 3 ", "late.mkv"));
  EXPECT_EQ(found.inspected, 120 * GST_SECOND);
  EXPECT_NEAR(seconds(found.clip.span), 150, 0.01);
  EXPECT_FALSE(found.damage) << found.damage->what();
  EXPECT_NEAR(found.share(Kind::black), 0.5, 0.01);
  EXPECT_EQ(found.share(Kind::silent), 0);
  ASSERT_FALSE(found.stretches.empty());
  EXPECT_GT(found.stretches[0].start, 74 * GST_SECOND);
  EXPECT_EQ(found.stretches.back().start + found.stretches.back().length, found.clip.span);
}

TEST(Inspection, StopsInMillisecondsWhenCancelled) {
  const TempDir dir;
  const std::string path = film(dir, "-f lavfi -i testsrc2=s=640x360:r=25:d=10 ");
  Cancel cancel;
  std::chrono::steady_clock::time_point asked;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    asked = std::chrono::steady_clock::now();
    cancel.cancel();
  });
  Fault fault = Fault::read;
  try {
    inspect_clip(clips::uri_of(path), cancel);
  } catch (const Error& error) {
    fault = error.fault;
  }
  const auto ended = std::chrono::steady_clock::now();
  other.join();
  EXPECT_EQ(fault, Fault::cancelled);
  EXPECT_LT(ended - asked, std::chrono::milliseconds(500));
}

TEST(Inspection, IsToldInAStructure) {
  const TempDir dir;
  const auto found = inspect(with_faults(dir, 1.0, 3.0, 2.5));
  const Own<GstStructure> told(gst_structure_new_empty("clip"));
  put_inspection(found, told.get());
  guint64 duration = 0, inspected = 0;
  int width = 0, height = 0, fps_n = 0, fps_d = 0;
  gboolean audio = FALSE, damaged = TRUE;
  double black = 0, frozen = 0, silent = 0;
  ASSERT_TRUE(gst_structure_get(told.get(), "duration", G_TYPE_UINT64, &duration, "inspected",
                                G_TYPE_UINT64, &inspected, "width", G_TYPE_INT, &width, "height",
                                G_TYPE_INT, &height, "framerate", GST_TYPE_FRACTION, &fps_n, &fps_d,
                                "has-audio", G_TYPE_BOOLEAN, &audio, "damaged", G_TYPE_BOOLEAN,
                                &damaged, "black", G_TYPE_DOUBLE, &black, "frozen", G_TYPE_DOUBLE,
                                &frozen, "silent", G_TYPE_DOUBLE, &silent, nullptr));
  EXPECT_EQ(duration, 9 * GST_SECOND);
  EXPECT_EQ(inspected, 9 * GST_SECOND);
  EXPECT_EQ(std::pair(width, height), std::pair(320, 180));
  EXPECT_EQ(std::pair(fps_n, fps_d), std::pair(25, 1));
  EXPECT_TRUE(audio);
  EXPECT_FALSE(damaged);
  EXPECT_NEAR(black, 1.0 / 9, 0.01);
  EXPECT_NEAR(frozen, 3.0 / 9, 0.01);
  EXPECT_NEAR(silent, 2.5 / 9, 0.02);
}

/// In processor time, which is the same on a machine that has other things to do.
TEST(Inspection, TakesASmallPartOfTheTimeTheClipPlays) {
  const TempDir dir;
  const std::string path =
      film(dir, "-f lavfi -i testsrc2=s=1280x720:r=25:d=2 -f lavfi -i sine=d=2 ");
  const std::clock_t start = std::clock();
  const auto found = inspect(path);
  const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  RecordProperty("milliseconds", static_cast<int>(took * 1000));
  EXPECT_EQ(found.stretches.size(), 0u);
  EXPECT_LT(took, 1);
}
