// SPDX-License-Identifier: LGPL-2.1-or-later
// What a clip file is said to hold: times by container, rate, size, rotation; and URI lists.
#include "../clips.h"
#include "media/grid.h"
#include "media/output_format.h"
#include "media/probe.h"
#include "media/uri_list.h"

#include <cmath>

#include <gst/audio/audio.h>

using namespace aigc;
using clips::Clip;

TEST(Probe, ReadsTimesSizeAndRate) {
  struct Case {
    const char* name;
    Clip clip;
    int fps_n, fps_d;
    guint64 frames;
    bool audio;
  };
  const std::vector<Case> cases = {
      {"b-frames.mp4", {}, 25, 1, 30, true},
      {"ms.webm",
       {.fps = "30", .sound = 0, .video = "-c:v libvpx -deadline realtime"},
       30,
       1,
       36,
       false},
      {"ntsc.mkv",
       {.fps = "30000/1001", .seconds = 1.201, .video = "-c:v mpeg4"},
       30000,
       1001,
       36,
       true},
      {"vfr.mp4",
       {.video = "-c:v libx264 -pix_fmt yuv420p -vsync vfr",
        .filter = ",select='not(eq(mod(n\\,3)\\,1))'"},
       25,
       1,
       20,
       true},
  };
  clips::TempDir dir;
  Cancel cancel;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    const ClipInfo info = probe_clip(clips::make(dir / one.name, one.clip), cancel);
    EXPECT_EQ(info.width, 160);
    EXPECT_EQ(info.height, 120);
    EXPECT_EQ(info.frames, one.frames);
    EXPECT_EQ(info.has_audio, one.audio);
    EXPECT_NEAR(double(info.fps_n) / info.fps_d, double(one.fps_n) / one.fps_d, 0.01);
    EXPECT_NEAR(info.span / 1e9, 1.2, 0.002);
    EXPECT_LT(info.origin, 50 * GST_MSECOND); // Matroska waits for the sound's priming
    EXPECT_GE(info.longest_frame, 33 * GST_MSECOND);
  }
}

TEST(Probe, TurnsAndSquaresThePicture) {
  clips::TempDir dir;
  Cancel cancel;
  clips::make(dir / "flat.mp4", {.filter = ",setsar=2/1"});
  EXPECT_EQ(probe_clip(clips::uri_of(dir / "flat.mp4"), cancel).width, 320);
  clips::make(dir / "plain.mp4", {});
  clips::run("ffmpeg -nostdin -v error -y -i " + dir / "plain.mp4" +
             " -c copy -metadata:s:v rotate=90 " + dir / "turned.mp4");
  const ClipInfo info = probe_clip(clips::uri_of(dir / "turned.mp4"), cancel);
  EXPECT_EQ(info.width, 120);
  EXPECT_EQ(info.height, 160);
}

TEST(Probe, StopsWhenCancelled) {
  clips::TempDir dir;
  Cancel cancel;
  const std::string uri = clips::make(dir / "plain.mp4", {});
  cancel.cancel();
  try {
    probe_clip(uri, cancel);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled);
  }
}

TEST(Grid, NeverDrifts) {
  const Grid grid{30000, 1001};
  EXPECT_EQ(grid.time_of(30000), 1001 * GST_SECOND);
  EXPECT_EQ(grid.sample_of(30000, 48000), 1001u * 48000);
  EXPECT_EQ(grid.frames_in(grid.time_of(12345)), 12345u);
  EXPECT_EQ(grid.frames_in(1), 1u);
}

TEST(UriListText, SplitsLines) {
  UriList list;
  EXPECT_TRUE(list.add("# no\r\n\n  file:///a%20").empty());
  const auto more = list.add("b.mp4 \r\n/abs path.mp4\nhttp://x/y\nlast");
  ASSERT_EQ(more.size(), 3u);
  EXPECT_EQ(more[0], "file:///a%20b.mp4");
  EXPECT_EQ(more[1], "file:///abs%20path.mp4");
  EXPECT_EQ(more[2], "http://x/y");
  const auto last = list.finish();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_TRUE(last[0].starts_with("file:///") && last[0].ends_with("/last"));
  EXPECT_TRUE(list.finish().empty());
}

TEST(UriListText, BuffersHoldWholeLinesInATimeSegment) {
  for (const GstFormat format : {GST_FORMAT_TIME, GST_FORMAT_BYTES}) {
    GstSegment segment;
    gst_segment_init(&segment, format);
    const auto event = adopt(gst_event_new_segment(&segment));
    const auto buffer = adopt(gst_buffer_new_memdup("file:///a", 9));
    UriList list;
    list.begin(event.get());
    EXPECT_EQ(list.add(buffer.get()).size(), format == GST_FORMAT_TIME ? 1u : 0u);
    EXPECT_EQ(list.finish().size(), format == GST_FORMAT_TIME ? 0u : 1u);
  }
}

TEST(UriListText, RefusesWhatIsNoText) {
  UriList list;
  EXPECT_THROW(list.add(std::string_view("a\0b\n", 4)), Error);
  EXPECT_THROW(UriList().add("\xff\xfe\n"), Error);
  EXPECT_THROW(UriList().add(std::string(kMaxUriBytes + 1, 'x')), Error);
}

TEST(OutputFormat, GoesByDownstreamThenWishThenClip) {
  ClipInfo clip;
  clip.width = 853;
  clip.height = 480;
  clip.fps_n = 24;
  const auto choose = [&](const char* allowed, VideoWish wish) {
    auto caps = adopt(gst_caps_from_string(allowed));
    auto chosen = choose_video_caps(caps.get(), wish, clip);
    GstVideoInfo info;
    EXPECT_TRUE(gst_video_info_from_caps(&info, chosen.get()));
    return info;
  };
  auto info = choose("video/x-raw", {});
  EXPECT_EQ(info.width, 853);
  EXPECT_EQ(info.fps_n, 24);
  EXPECT_EQ(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_I420);
  info = choose("video/x-raw, format={NV12,RGB}", {.width = 1280});
  EXPECT_EQ(info.width, 1280);
  EXPECT_EQ(info.height, 720);
  EXPECT_EQ(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_NV12);
  info = choose("video/x-raw, height=240, framerate=[1/1,15/1]", {.width = 999, .fps_n = 60});
  EXPECT_EQ(info.height, 240);
  EXPECT_EQ(info.fps_n, 15);
  info = choose("video/x-raw, format=RGB", {});
  EXPECT_EQ(info.colorimetry.matrix, GST_VIDEO_COLOR_MATRIX_RGB);
  auto none = adopt(gst_caps_from_string("video/x-h264"));
  EXPECT_THROW(choose_video_caps(none.get(), {}, clip), Error);
  EXPECT_THROW(choose_audio_caps(none.get()), Error);
  auto six = adopt(gst_caps_from_string("audio/x-raw, channels=6, rate=[8000,44100]"));
  auto audio = choose_audio_caps(six.get());
  GstAudioInfo sound;
  ASSERT_TRUE(gst_audio_info_from_caps(&sound, audio.get()));
  EXPECT_EQ(sound.rate, 44100);
  EXPECT_EQ(sound.channels, 6);
}
