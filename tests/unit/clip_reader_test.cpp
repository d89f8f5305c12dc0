// SPDX-License-Identifier: LGPL-2.1-or-later
// ClipReader, ClipFrames and ClipSound: exactly so many frames and samples, the right ones.
#include "../clips.h"
#include "media/clip_frames.h"
#include "media/clip_sound.h"

#include <thread>

using namespace aigc;

namespace {

Ref<GstCaps> pictures() {
  return adopt(gst_caps_from_string("video/x-raw, format=GRAY8, width=64, height=48,"
                                    " pixel-aspect-ratio=1/1"));
}

Ref<GstCaps> sound() {
  return adopt(gst_caps_from_string("audio/x-raw, format=S16LE, rate=48000, channels=2,"
                                    " layout=interleaved, channel-mask=(bitmask)3"));
}

int luma(GstBuffer* buffer) {
  BufferMap map(buffer, GST_MAP_READ);
  return map.data()[map.size() / 2 + 32];
}

class ClipReading : public testing::Test {
 protected:
  clips::TempDir dir;
  Cancel cancel;

  ClipInfo clip(const clips::Clip& what) {
    return probe_clip(clips::make(dir / "clip.mkv", what), cancel);
  }
  ClipFrames frames(const ClipInfo& info, Grid grid, guint64 count) {
    return {std::make_unique<ClipReader>(info, VideoTarget{pictures()}, cancel), grid, count};
  }
};

} // namespace

TEST_F(ClipReading, PicksTheFrameThatIsShown) {
  // 60 to 30 takes every second picture, 25 to 50 shows each twice, 24 to 25 repeats one a second.
  struct Case {
    const char* fps;
    int to;
    guint64 count;
    guint64 first_white, white;
  };
  for (const Case& one : {Case{"60", 30, 36, 12, 6},
                          {"25", 50, 60, 20, 10},
                          {"25", 25, 30, 10, 5},
                          {"24", 25, 30, 11, 5}}) {
    auto source = frames(clip({.fps = one.fps, .sound = 0, .video = "-c:v ffv1"}), Grid{one.to, 1},
                         one.count);
    std::vector<int> white;
    guint64 n = 0;
    while (auto buffer = source.next()) {
      if (luma(buffer.get()) > 128) white.push_back(int(n));
      ++n;
    }
    EXPECT_EQ(n, one.count);
    ASSERT_FALSE(white.empty());
    EXPECT_EQ(white.front(), int(one.first_white)) << one.fps;
    EXPECT_EQ(white.size(), one.white) << one.fps;
    EXPECT_FALSE(source.damage());
  }
}

/// Matroska counts milliseconds: frame 14 of 30 a second is said to start at 467, after its time.
TEST_F(ClipReading, RoundedTimestampsMoveNoFrame) {
  auto source = frames(clip({.fps = "30", .flash = 0.467, .sound = 0, .video = "-c:v ffv1"}),
                       Grid{30, 1}, 36);
  for (int n = 0; n < 36; ++n)
    EXPECT_EQ(luma(source.next().get()) > 128, n >= 14 && n < 20) << n;
}

TEST_F(ClipReading, HoldsTheLastPictureBeyondTheEnd) {
  auto source = frames(clip({.sound = 0, .video = "-c:v ffv1"}), Grid{25, 1}, 40);
  guint64 n = 0;
  while (source.next())
    ++n;
  EXPECT_EQ(n, 40u);
}

TEST_F(ClipReading, PassesDecodedBuffersOnUntouched) {
  const ClipInfo info = clip({.sound = 0,
                              .video = "-c:v libx264 -pix_fmt yuv420p -g 1 -colorspace bt709 "
                                       "-color_primaries bt709 -color_trc bt709"});
  VideoTarget target{adopt(gst_caps_from_string(
      "video/x-raw, format=I420, width=160, height=120, pixel-aspect-ratio=1/1,"
      " colorimetry=bt709, framerate=7/1"))};
  target.any_stride = true;
  ClipReader reader(info, target, cancel);
  reader.wait_ready();
  auto block = reader.read();
  ASSERT_TRUE(block);
  EXPECT_NE(gst_buffer_get_video_meta(block->buffer.get()), nullptr);
}

TEST_F(ClipReading, AShapeThatIsNearlyTheSameIsCroppedNotBarred) {
  struct Case {
    const char* size;
    bool bars;
  };
  for (const Case& one : {Case{"1664x928", false}, {"1256x720", false}, {"1232x720", true}}) {
    SCOPED_TRACE(one.size);
    const ClipInfo info =
        clip({.size = one.size, .seconds = 0.2, .flash = 0, .sound = 0, .video = "-c:v ffv1"});
    ClipReader reader(
        info,
        VideoTarget{adopt(gst_caps_from_string("video/x-raw, format=GRAY8, width=1280, height=720,"
                                               " pixel-aspect-ratio=1/1"))},
        cancel);
    const auto block = reader.read();
    ASSERT_TRUE(block);
    BufferMap map(block->buffer.get(), GST_MAP_READ);
    int darkest = 255;
    for (const size_t at :
         {size_t{640}, 719 * size_t{1280} + 640, 360 * size_t{1280}, 360 * size_t{1280} + 1279})
      darkest = std::min(darkest, int{map.data()[at]});
    EXPECT_EQ(darkest < 128, one.bars);
  }
}

TEST_F(ClipReading, SoundIsCutAndPaddedToTheSample) {
  GstAudioInfo format;
  auto caps = sound();
  gst_audio_info_from_caps(&format, caps.get());
  for (const auto& [name, length] : {std::pair{"long", 3.0}, {"short", 0.5}, {"none", 0.0}}) {
    const ClipInfo info =
        clip({.flash = 0.2, .sound = length, .video = "-c:v ffv1", .audio = "-c:a flac"});
    EXPECT_EQ(info.has_audio, length > 0);
    auto reader = info.has_audio ? std::make_unique<ClipReader>(info, caps.get(), cancel) : nullptr;
    ClipSound source(std::move(reader), format, 57601);
    guint64 samples = 0;
    guint64 loud = 0, first = 0;
    while (auto block = source.next()) {
      BufferMap map(block.get(), GST_MAP_READ);
      const auto* values = reinterpret_cast<const gint16*>(map.data());
      for (gsize i = 0; i < map.size() / 4; ++i)
        if (std::abs(values[2 * i]) > 3000 && loud++ == 0) first = samples + i;
      samples += map.size() / 4;
    }
    EXPECT_EQ(samples, 57601u) << name;
    if (length > 0) {
      EXPECT_NEAR(first, 9600, 4) << name;
    }
    EXPECT_EQ(loud > 0, length > 0) << name;
    EXPECT_FALSE(source.damage());
  }
}

TEST_F(ClipReading, AChannelsClipWaitsAndThenGivesEveryPicture) {
  const ClipInfo info = clip({.fps = "25", .seconds = 2, .sound = 0, .video = "-c:v mpeg4"});
  ClipReader reader(info, VideoTarget{pictures()}, cancel, ClipReader::Use::channel);
  reader.wait_ready();
  guint64 count = 0;
  GstClockTimeDiff last = -1;
  while (auto block = reader.read()) {
    EXPECT_GT(block->time, last);
    last = block->time;
    if (++count == 10) reader.go_on_air();
  }
  EXPECT_EQ(count, 50u);
  EXPECT_FALSE(reader.trouble());
}

TEST_F(ClipReading, ACancelledReadEndsAtOnce) {
  const ClipInfo info = clip({.seconds = 5, .sound = 0, .video = "-c:v mpeg4"});
  ClipReader reader(info, VideoTarget{pictures()}, cancel);
  std::thread other([&] { cancel.cancel(); });
  EXPECT_THROW(
      {
        for (;;)
          reader.read();
      },
      Error);
  other.join();
}
