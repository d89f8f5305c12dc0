// SPDX-License-Identifier: LGPL-2.1-or-later
// clipjoin, measured: sixty mixed clips with a flash and a beep each come out on one grid, with
// both at the same moment, to the frame.
#include "clipjoin_run.h"

using namespace clips;

namespace {

struct Sample {
  const char* name;
  Clip clip;
  int frames; ///< at 25 fps
};

const std::vector<Sample>& samples() {
  static const std::string webm = "-c:v libvpx -b:v 200k -deadline realtime -cpu-used 8";
  static const std::string mpeg4 = "-c:v mpeg4";
  static const std::vector<Sample> all = {
      {"plain.mp4", {}, 30},
      {"short-sound.mp4", {.size = "128x128", .fps = "24", .sound = 1.11}, 30},
      {"web.webm", {.size = "96x160", .fps = "30", .video = webm, .audio = "-c:a libopus"}, 30},
      {"long-sound.mkv", {.sound = 1.9, .video = mpeg4, .audio = "-c:a flac"}, 30},
      {"silent.mp4", {.sound = 0}, 30},
      {"vfr.mp4", {.video = "", .filter = ",select='not(eq(mod(n\\,5)\\,3))'"}, 30},
      {"ntsc.mp4", {.fps = "30000/1001", .seconds = 1.201}, 30},
      {"mono.mov", {.fps = "50", .rate = 44100, .audio = "-c:a pcm_s16le -ac 1"}, 30},
      {"odd.mkv", {.size = "161x121", .video = "-c:v ffv1", .audio = "-c:a libvorbis"}, 30},
      {"fast.mp4", {.fps = "60", .sound = 0.9}, 30},
      {"brief.mp4", {.seconds = 0.32, .flash = 0.08, .sound = 0.32}, 8},
      {"late.mkv", {.seconds = 2.0, .flash = 1.6, .sound = 2.0, .video = mpeg4}, 50},
  };
  return all;
}

} // namespace

class ClipJoinSync : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir = new TempDir;
    for (const auto& sample : samples()) {
      Clip clip = sample.clip;
      if (clip.video.empty()) clip.video = Clip{}.video + " -vsync vfr";
      uris.push_back(make(*dir / sample.name, clip));
    }
  }
  static void TearDownTestSuite() {
    delete dir;
    uris.clear();
  }
  static TempDir* dir;
  static std::vector<std::string> uris;
};
TempDir* ClipJoinSync::dir = nullptr;
std::vector<std::string> ClipJoinSync::uris;

TEST_F(ClipJoinSync, SixtyMixedClipsStayTogether) {
  std::vector<std::string> list;
  std::vector<GstClockTime> flashes, beeps;
  guint64 frames = 0;
  for (int i = 0; i < 60; ++i) {
    const size_t which = (i * 7) % samples().size();
    const Sample& sample = samples()[which];
    list.push_back(uris[which]);
    const GstClockTime start = frames * 40 * GST_MSECOND;
    const auto moment = start + static_cast<GstClockTime>(sample.clip.flash * GST_SECOND);
    flashes.push_back(moment);
    if (sample.clip.sound > 0) beeps.push_back(moment);
    frames += sample.frames;
  }
  Player player(join_line(list_file(*dir, list), "width=160 height=120 framerate=25/1"));
  ASSERT_EQ(player.play(), GST_MESSAGE_EOS) << player.text;
  const Record& out = *player.record;

  EXPECT_EQ(out.frames.size(), frames);
  EXPECT_EQ(out.samples, frames * 1920);
  EXPECT_EQ(player.moves, 0);
  EXPECT_EQ(player.warnings, 0);
  EXPECT_EQ(out.caps_events, 1);
  EXPECT_EQ(out.segments, 1);
  const auto seen = out.flashes();
  ASSERT_EQ(seen.size(), flashes.size());
  ASSERT_EQ(out.beeps.size(), beeps.size());
  for (size_t i = 0, beep = 0; i < seen.size(); ++i) {
    EXPECT_LE(std::abs(GstClockTimeDiff(seen[i] - flashes[i])), 40 * GST_MSECOND) << list[i];
    if (beep == beeps.size() || beeps[beep] != flashes[i]) continue;
    const auto heard = GstClockTimeDiff(out.beeps[beep++] * GST_SECOND / 48000);
    EXPECT_LT(std::abs(heard - GstClockTimeDiff(seen[i])), 40 * GST_MSECOND) << list[i];
    // 6.5 ms is what Opus in WebM is late: its demuxer knows no codec delay.
    EXPECT_LE(std::abs(heard - GstClockTimeDiff(flashes[i])), 8 * GST_MSECOND) << list[i];
  }
}

TEST_F(ClipJoinSync, EveryFrameAndSampleIsOnTheGrid) {
  for (const auto& [text, n, d] : {std::tuple{"30000/1001", 30000, 1001}, {"24/1", 24, 1}}) {
    Player player(join_line(list_file(*dir, uris), std::string("framerate=") + text));
    ASSERT_EQ(player.play(), GST_MESSAGE_EOS) << player.text;
    const Record& out = *player.record;
    for (guint64 i = 0; i < out.frames.size(); ++i) {
      EXPECT_EQ(out.frames[i].pts, gst_util_uint64_scale(i, d * GST_SECOND, n));
      EXPECT_EQ(out.frames[i].pts + out.frames[i].duration,
                gst_util_uint64_scale(i + 1, d * GST_SECOND, n));
    }
    guint64 at = 0;
    for (const auto& sound : out.sounds) {
      EXPECT_EQ(sound.pts, gst_util_uint64_scale(at, GST_SECOND, 48000));
      at += sound.samples;
      EXPECT_EQ(sound.pts + sound.duration, gst_util_uint64_scale(at, GST_SECOND, 48000));
    }
    EXPECT_EQ(at, gst_util_uint64_scale_round(out.frames.size(), 48000 * guint64(d), n));
  }
}

/// Frames are picked where they belong: with the output at the clip's own rate none is lost, held
/// or moved, whatever the container's clock.
TEST_F(ClipJoinSync, TheFlashLastsAsLongAsInTheClip) {
  for (const char* name : {"plain.mp4", "fast.mp4", "long-sound.mkv", "odd.mkv", "web.webm"}) {
    Player player(join_line(list_file(*dir, {uri_of(*dir / name)}), "", false));
    ASSERT_EQ(player.play(), GST_MESSAGE_EOS) << player.text;
    const Record& out = *player.record;
    guint64 white = 0;
    for (const auto& frame : out.frames)
      white += frame.luma > 128;
    const guint64 fps = GST_SECOND / out.frames[0].duration;
    EXPECT_NEAR(white, fps / 5, 0) << name;
    EXPECT_EQ(out.flashes().at(0), out.frames[fps * 2 / 5].pts) << name;
  }
}

TEST_F(ClipJoinSync, NeitherSideWaitsForTheOther) {
  // The sound is only looked at when all pictures have gone, and the other way round.
  for (const char* first : {"v", "a"}) {
    Player player(join_line(list_file(*dir, {uris[0], uris[1], uris[2], uris[3], uris[4], uris[5]}),
                            "framerate=25/1"));
    for (const char* name : {"v", "a"}) {
      g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(player.pipeline), name);
      g_object_set(sink, "async", FALSE, nullptr);
    }
    const char* second = *first == 'v' ? "audio" : "video";
    g_autoptr(GstElement) join = gst_bin_get_by_name(GST_BIN(player.pipeline), "j");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(join, second);
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(player.pipeline), first);
    g_autoptr(GstPad) other = gst_element_get_static_pad(sink, "sink");
    const gulong block = gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
    struct Release {
      GstPad* pad;
      gulong id;
    } release{pad, block};
    gst_pad_add_probe(
        other, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          auto* what = static_cast<Release*>(data);
          if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
            gst_pad_remove_probe(what->pad, what->id);
          return GST_PAD_PROBE_OK;
        },
        &release, nullptr);
    gst_element_set_state(player.pipeline, GST_STATE_PLAYING);
    ASSERT_EQ(player.wait(), GST_MESSAGE_EOS) << player.text;
    EXPECT_EQ(player.record->frames.size(), 180u);
    EXPECT_EQ(player.record->samples, 180u * 1920);
  }
}
