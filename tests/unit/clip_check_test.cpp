// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips whose pictures cannot be decoded are told from healthy ones.
#include "../clips.h"
#include "media/clip_check.h"

#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

/// Overwrites a part of the pictures, given as shares of the file, with noise.
void spoil(const std::string& path, double from, double to) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<double>(file.tellg());
  file.seekp(static_cast<std::streamoff>(from * size));
  for (auto left = static_cast<long>((to - from) * size); left > 0; --left)
    file.put(static_cast<char>(left * 7919 >> 3));
}

const clips::Clip kManyGroups{.size = "320x240",
                              .seconds = 4,
                              .sound = 0,
                              .video = "-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p",
                              .filter = ",noise=alls=40:allf=t"};

struct ClipCheck : testing::Test {
  clips::TempDir dir;
  Cancel cancel;

  std::string made(const clips::Clip& clip) {
    clips::make(dir / "a.mp4", clip);
    return dir / "a.mp4";
  }
  void check(const std::string& path) { check_clip_decodes(probe(path), cancel); }
  ClipInfo probe(const std::string& path) { return probe_clip(clips::uri_of(path), cancel); }
};

} // namespace

TEST_F(ClipCheck, HealthyClipsPass) {
  const std::string path = made(kManyGroups);
  EXPECT_EQ(probe(path).keyframes.size(), 4u);
  check(path);
  check(made({}));                                                   // one group, B-frames, sound
  check(made({.fps = "30", .seconds = 2.5, .video = "-c:v mpeg4"})); // groups of 12
  const std::string vfr = made({.video = "-c:v libx264 -pix_fmt yuv420p -g 5 -vsync vfr",
                                .filter = ",select='not(eq(mod(n\\,3)\\,1))'"});
  check(vfr);
}

TEST_F(ClipCheck, AClipThatDemuxesButDoesNotDecodeIsDamaged) {
  struct Case {
    const char* what;
    double from, to;
  };
  for (const Case& one :
       {Case{"start", 0.02, 0.2}, Case{"end", 0.78, 0.97}, Case{"all", 0.02, 0.97}}) {
    SCOPED_TRACE(one.what);
    const std::string path = made(kManyGroups);
    spoil(path, one.from, one.to);
    const ClipInfo info = probe(path);
    try {
      check_clip_decodes(info, cancel);
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::damaged) << error.what();
    }
  }
}

TEST_F(ClipCheck, CancelEndsIt) {
  const ClipInfo info = probe(made({.seconds = 20, .sound = 0}));
  std::thread other([&] { cancel.cancel(); });
  try {
    for (;;)
      check_clip_decodes(info, cancel);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled);
  }
  other.join();
}
