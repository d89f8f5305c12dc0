// SPDX-License-Identifier: LGPL-2.1-or-later
// A live channel that is given bad clips, and elements around it that misbehave.
#include "clipplayout_rig.h"

#include <complex>

using namespace clips;

namespace {

class ClipPlayoutFaults : public testing::Test {
 protected:
  TempDir dir;
  std::vector<std::string> air_uris;
};

/// Overwrites a part of the file with noise, after what the demuxer needs.
void spoil(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<long>(file.tellg());
  for (long at = size * 2 / 5; at < size - 8; at += 7) {
    file.seekp(at);
    file.put(static_cast<char>(at * 31));
  }
}

TEST_F(ClipPlayoutFaults, AClipThatTurnsBadIsReplacedAtTheNextSlot) {
  const std::string path = dir / "bad.mp4";
  run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=160x120:r=25:d=3.6 -c:v libx264 -preset "
      "ultrafast -g 250 -pix_fmt yuv420p -movflags +faststart " +
      path);
  spoil(path);
  Air air;
  air.play();
  air.add(uri_of(path), {"bad"});
  air.add(grey(dir / "good.mp4", 210, 0.4), {"good"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(100));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "bad good ");
  ASSERT_TRUE(air.hear("clipplayout/item", "ended", "bad"));
  guint64 first = 0, frames = 0, next = 0;
  const GstStructure* ended = air.message("clipplayout/item", "ended", "bad");
  gst_structure_get(ended, "frame", G_TYPE_UINT64, &first, "frames", G_TYPE_UINT64, &frames,
                    nullptr);
  gst_structure_get_uint64(air.message("clipplayout/item", "started", "good"), "frame", &next);
  EXPECT_LT(frames, 90u);
  EXPECT_EQ(first + frames, next) << "no slot between";
  EXPECT_EQ(air.stat("damaged"), 1u);
  EXPECT_EQ(air.stat("slate-frames") + air.stat("item-frames") + air.stat("repeat-frames"),
            air.stat("frame"));
  EXPECT_EQ(air.warnings.size(), 1u);
  EXPECT_NE(air.shown().find(" 210*23 "), std::string::npos) << air.shown();
}

/// A clip of which those frames are noise, as ffmpeg says it; with a high tone where it has sound.
std::string testsrc(const std::string& path, const std::string& spoiled = "0", bool sound = false) {
  const std::string tone = "-f lavfi -i sine=f=6000:r=48000:d=3.6 -c:a aac ";
  run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=160x120:r=25:d=3.6 " +
      (sound ? tone : std::string()) +
      "-c:v libx264 -preset ultrafast -g 25 -sc_threshold 0 -pix_fmt yuv420p -bsf:v "
      "'noise=amount=" +
      spoiled + "' " + path);
  return uri_of(path);
}

TEST_F(ClipPlayoutFaults, AClipThatIsBadFromItsFirstPictureNeverWasOnAir) {
  const std::string log = dir / "as-run.jsonl";
  {
    Air air("as-run=" + log);
    air.play();
    air.add(grey(dir / "a.mp4", 60, 0.4), {"a"});
    air.add(grey(dir / "b.mp4", 110, 0.4), {"b"});
    air.add(testsrc(dir / "bad.mp4"), {"bad"});
    air.add(grey(dir / "good.mp4", 210, 0.4), {"good"});
    ASSERT_TRUE(air.reach("items", 4));
    ASSERT_TRUE(air.reach("open", 2));
    testsrc(dir / "bad.mp4", "lt(n\\,25)"); // after it was looked at
    ASSERT_TRUE(air.pass(11));
    ASSERT_TRUE(air.reach("open", 2));
    ASSERT_TRUE(air.pass(19));
    air.expect_on_grid();
    EXPECT_EQ(air.started(), "a b good ");
    EXPECT_TRUE(air.hear("clipplayout/item", "failed", "bad"));
    EXPECT_EQ(air.stat("failed"), 1u);
    EXPECT_EQ(air.stat("damaged"), 0u);
    EXPECT_EQ(air.shown(), "60*10 110*10 210*10 ");
    std::unique_lock lock(air.mutex());
    const std::vector<std::string> expected{"started a", "started b", "never bad", "started good"};
    EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5),
                                       [&] { return air.upstream == expected; }));
  }
  std::ifstream file(log);
  const std::string said((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(said.find("bad"), std::string::npos) << said;
}

TEST_F(ClipPlayoutFaults, AHealthyClipIsNotFadedOutForABadOne) {
  Air air("transition=crossfade transition-time=200000000 repeat-frame-max=0");
  air.play();
  air.add(grey(dir / "a.mp4", 60, 0.8), {"a"});
  air.add(grey(dir / "b.mp4", 60, 0.8), {"b"});
  air.add(testsrc(dir / "bad.mp4"), {"bad"});
  ASSERT_TRUE(air.reach("items", 3));
  ASSERT_TRUE(air.reach("open", 2));
  testsrc(dir / "bad.mp4", "lt(n\\,25)");
  ASSERT_TRUE(air.pass(16));
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(22));
  air.expect_on_grid();
  EXPECT_EQ(air.shown().find("60*35 "), 0u) << "b to its own end, " << air.shown();
  EXPECT_EQ(air.started(), "a b ");
  EXPECT_TRUE(air.hear("clipplayout/item", "failed", "bad"));
  ASSERT_TRUE(air.hear("clipplayout/item", "ended", "b"));
  guint64 frames = 0;
  gst_structure_get_uint64(air.message("clipplayout/item", "ended", "b"), "frames", &frames);
  EXPECT_EQ(frames, 20u);
  EXPECT_EQ(air.record.beeps.size(), 1u) << "its sound goes on";
  EXPECT_NEAR(static_cast<double>(air.record.last_loud), 35 * 1920, 1920);
}

TEST_F(ClipPlayoutFaults, AHealthyClipComesBackWhenTheOtherTurnsBadInTheFade) {
  Air air("transition=crossfade transition-time=400000000 repeat-frame-max=0");
  air.play();
  air.add(grey(dir / "a.mp4", 210, 1.2), {"a"});
  air.add(grey(dir / "b.mp4", 210, 1.2), {"b"});
  air.add(testsrc(dir / "bad.mp4"), {"bad"});
  ASSERT_TRUE(air.reach("items", 3));
  ASSERT_TRUE(air.reach("open", 2));
  testsrc(dir / "bad.mp4", "gt(n\\,1)");
  ASSERT_TRUE(air.pass(21)); // b is on air from 20 to 50, and is mixed with the bad one from 40 on
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(31));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "a b bad b ");
  EXPECT_EQ(air.stat("aired"), 3u);
  EXPECT_EQ(air.stat("damaged"), 1u);
  for (size_t slot = 44; slot < 50; ++slot)
    EXPECT_NEAR(air.record.frames[slot].luma, 210, 4) << slot;
  EXPECT_EQ(air.record.beeps.size(), 1u) << "its sound goes on";
  EXPECT_NEAR(static_cast<double>(air.record.last_loud), 50 * 1920, 1920);
}

/// Keeps the left channel of what comes out.
GstPadProbeReturn keep_sound(GstPad*, GstPadProbeInfo* info, gpointer data) {
  GstMapInfo map;
  gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ);
  const auto* values = reinterpret_cast<const gint16*>(map.data);
  for (gsize i = 0; i < map.size / 4; ++i)
    static_cast<std::vector<double>*>(data)->push_back(values[2 * i]);
  gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
  return GST_PAD_PROBE_OK;
}

/// How loud that tone is in the 10 ms from `first` on.
double loudness(const std::vector<double>& sound, size_t first, double hertz) {
  std::complex<double> sum;
  for (size_t i = first; i < first + 480; ++i)
    sum += std::polar(sound.at(i), -2 * G_PI * hertz * static_cast<double>(i) / 48000);
  return std::abs(sum) / 240;
}

/// The sound of what comes back goes on from as loud as it was, also where the bad one has none.
TEST_F(ClipPlayoutFaults, TheSoundThatComesBackNeitherBlipsNorDrops) {
  for (const bool sound : {true, false}) {
    std::vector<double> heard;
    Air air("transition=crossfade transition-time=400000000 repeat-frame-max=0");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(air.element, "audio");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, keep_sound, &heard, nullptr);
    air.play();
    air.add(grey(dir / "a.mp4", 210, 1.2), {"a"});
    air.add(grey(dir / "b.mp4", 210, 1.2), {"b"});
    air.add(testsrc(dir / "bad.mp4", "0", sound), {"bad"});
    ASSERT_TRUE(air.reach("items", 3));
    ASSERT_TRUE(air.reach("open", 2));
    testsrc(dir / "bad.mp4", "gt(n\\,1)", sound);
    ASSERT_TRUE(
        air.pass(21)); // b is on air from 20 to 50, and is mixed with the bad one from 40 on
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(31));
    EXPECT_EQ(air.started(), "a b bad b ");
    const double full = loudness(heard, 35 * 1920, 500);
    EXPECT_GT(full, 1000);
    double before = full;
    for (size_t at = 36 * 1920; at < 49 * 1920; at += 480) {
      const double now = loudness(heard, at, 500);
      EXPECT_GT(now, 0.6 * full) << at / 1920.0;
      EXPECT_LT(std::abs(now - before), 0.25 * full) << at / 1920.0;
      before = now;
      EXPECT_LT(loudness(heard, at, 6000), 0.75 * full) << at / 1920.0;
    }
    EXPECT_NEAR(loudness(heard, 48 * 1920, 500), full, 0.05 * full);
    EXPECT_LT(loudness(heard, 48 * 1920, 6000), 0.05 * full);
  }
}

TEST_F(ClipPlayoutFaults, WhatCannotBePlayedNeverGoesOnAir) {
  const auto gone = grey(dir / "gone.mp4", 60, 0.4), good = grey(dir / "good.mp4", 210, 0.4);
  run("ffmpeg -nostdin -v error -y -f lavfi -i sine=d=0.4 " + (dir / "sound.m4a"));
  std::ofstream(dir / "empty.mp4").flush();
  std::ofstream(dir / "text.mp4") << "no video";
  std::filesystem::remove(dir / "gone.mp4");
  Air air;
  air.play();
  air.add(gone, {"gone"});
  air.add(uri_of(dir / "sound.m4a"), {"sound"});
  air.add(uri_of(dir / "empty.mp4"), {"empty"});
  air.add(uri_of(dir / "text.mp4"), {"text"});
  air.add("http://127.0.0.1/clip.mp4", {"http"});
  air.add(good, {"good"});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(12));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "good ");
  for (const char* id : {"gone", "sound", "empty", "text", "http"}) {
    EXPECT_TRUE(air.hear("clipplayout/item", "failed", id));
    EXPECT_NE(air.reason("failed", id), "") << id;
  }
  EXPECT_EQ(air.stat("failed"), 5u);
  EXPECT_EQ(air.warnings.size(), 5u);
}

TEST_F(ClipPlayoutFaults, AFileDeletedInTheQueueIsPassedOver) {
  Air air;
  air.play();
  for (const char* id : {"a", "b", "c", "d"})
    air.add(grey(dir / (std::string(id) + ".mp4"), 160, 0.4), {id});
  ASSERT_TRUE(air.reach("items", 4));
  ASSERT_TRUE(air.reach("open", 2));
  std::filesystem::remove(dir / "c.mp4");
  ASSERT_TRUE(air.pass(1));
  EXPECT_TRUE(air.hear("clipplayout/item", "failed", "c"));
  ASSERT_TRUE(air.reach("open", 2)); // b and d
  ASSERT_TRUE(air.pass(32));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "a b d ");
  EXPECT_EQ(air.stat("unopened"), 0u);
}

TEST_F(ClipPlayoutFaults, AClipOfOneFrameAndOddOnesPlay) {
  const auto clip = [&](const std::string& name, const std::string& how) {
    run("ffmpeg -nostdin -v error -y -f lavfi -i " + how + " " + (dir / name));
    air_uris.push_back(uri_of(dir / name));
  };
  clip("one.mp4", "color=white:s=64x64:r=25:d=0.04 -pix_fmt yuv420p");
  clip("odd.mkv", "color=white:s=63x47:r=13:d=0.4 -pix_fmt yuv444p -c:v libx264");
  clip("slow.mp4", "color=white:s=64x64:r=2:d=1 -pix_fmt yuv420p");
  Air air;
  air.play();
  for (size_t i = 0; i < air_uris.size(); ++i)
    air.add(air_uris[i], {std::to_string(i)});
  ASSERT_TRUE(air.reach("items", 3));
  for (guint64 i = 0; i < air_uris.size(); ++i) {
    while (air.stat("aired") <= i) {
      ASSERT_TRUE(air.reach("open", 1));
      ASSERT_TRUE(air.pass(1));
    }
  }
  ASSERT_TRUE(air.pass(26));
  air.expect_on_grid();
  EXPECT_EQ(air.stat("item-frames"), 1u + 12u + 25u);
}

GstPadProbeReturn hold_up(GstPad*, GstPadProbeInfo*, gpointer) {
  return GST_PAD_PROBE_OK; // blocks while it stands
}

TEST_F(ClipPlayoutFaults, ABlockedSideMissesNothing) {
  Air air;
  air.play();
  for (int i = 0; i < 12; ++i)
    air.add(grey(dir / (std::to_string(i) + ".mp4"), 160, 0.2));
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(2));
  g_autoptr(GstPad) pad = gst_element_get_static_pad(air.element, "audio");
  const gulong block = gst_pad_add_probe(
      pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
      hold_up, nullptr, nullptr);
  ASSERT_TRUE(air.pass_one(2));
  for (int i = 0; i < 60; ++i) { // the pictures go on alone
    if (i % 5 == 0 && i < 45) air.reach("open", 1);
    ASSERT_TRUE(air.pass_one(1));
  }
  gst_pad_remove_probe(pad, block);
  air.settle();
  air.expect_on_grid();
  EXPECT_EQ(air.record.frames.size(), 63u);
  EXPECT_GE(air.stat("aired"), 9u);
}

TEST_F(ClipPlayoutFaults, GoesDownWithinASecondInAnyPhaseAndComesBack) {
  const auto a = grey(dir / "a.mp4", 60, 0.4);
  Air air;
  for (int phase = 0; phase < 5; ++phase) {
    if (phase == 0) gst_element_set_state(air.pipeline, GST_STATE_PAUSED);
    if (phase > 0) air.play();
    air.add(a);
    if (phase == 2 || phase == 3) {
      EXPECT_TRUE(air.reach("open", 1));
    }
    if (phase == 3) {
      EXPECT_TRUE(air.pass(4));
    }
    if (phase == 4) gst_element_set_state(air.pipeline, GST_STATE_PAUSED);
    EXPECT_LT(air.stop(), GST_SECOND) << phase;
  }
  EXPECT_TRUE(air.errors.empty());
}

TEST_F(ClipPlayoutFaults, PlaysTwice) {
  const auto a = grey(dir / "a.mp4", 60, 0.2), b = grey(dir / "b.mp4", 210, 0.2);
  Air air;
  for (int turn = 0; turn < 2; ++turn) {
    air.record.frames.clear();
    air.record.sounds.clear();
    air.record.samples = 0;
    air.record.segments = 0;
    air.play();
    air.add(a, {"a"});
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(8));
    air.expect_on_grid();
    EXPECT_NE(air.shown().find("60*"), std::string::npos) << air.shown();
    EXPECT_EQ(air.stat("queued"), 1u) << "nothing of the first run counts";
    EXPECT_EQ(air.stat("aired"), 1u);
    EXPECT_EQ(air.stat("frame"), 8u);
    air.add(b, {"b"}); // left behind, as are the hold and the skip
    ASSERT_TRUE(air.reach("open", 1));
    g_signal_emit_by_name(air.element, "hold");
    g_signal_emit_by_name(air.element, "skip");
    EXPECT_LT(air.stop(), GST_SECOND);
  }
}

TEST_F(ClipPlayoutFaults, AFlushBehindCostsPicturesAndNotTheGrid) {
  Air air;
  air.play();
  air.add(grey(dir / "a.mp4", 60, 2), {"a"});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(5));
  g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(air.pipeline), "v");
  g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
  gst_pad_send_event(pad, gst_event_new_flush_start());
  ASSERT_TRUE(air.pass(3));
  gst_pad_send_event(pad, gst_event_new_flush_stop(FALSE));
  ASSERT_TRUE(air.pass(5));
  ASSERT_EQ(air.record.frames.size(), 10u);
  for (size_t i = 0; i < 10; ++i)
    EXPECT_EQ(air.record.frames[i].pts, (i < 5 ? i : i + 3) * kSlot);
  EXPECT_EQ(air.record.sounds.size(), 13u);
}

TEST_F(ClipPlayoutFaults, APadThatLosesItsPeerGoesOnWhenItHasOneAgain) {
  Air air;
  air.play();
  air.add(grey(dir / "a.mp4", 60, 2), {"a"});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(5));
  g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(air.pipeline), "v");
  g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
  g_autoptr(GstPad) video = gst_element_get_static_pad(air.element, "video");
  gst_pad_unlink(video, pad);
  ASSERT_TRUE(air.pass(3));
  EXPECT_EQ(gst_pad_link(video, pad), GST_PAD_LINK_OK);
  ASSERT_TRUE(air.pass(5));
  ASSERT_EQ(air.record.frames.size(), 10u);
  EXPECT_EQ(air.record.frames.back().pts, 12 * kSlot);
  EXPECT_EQ(air.record.sounds.size(), 13u);
  std::lock_guard guard(air.mutex());
  EXPECT_EQ(air.warnings.size(), 1u);
  EXPECT_TRUE(air.errors.empty());
}

TEST_F(ClipPlayoutFaults, AFlushEmptiesTheQueueAndNotTheAir) {
  Air air;
  air.play();
  air.add(grey(dir / "a.mp4", 60, 0.4), {"a"});
  air.add(grey(dir / "b.mp4", 110, 0.4), {"b"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(2));
  g_autoptr(GstElement) in = gst_bin_get_by_name(GST_BIN(air.pipeline), "in");
  gst_element_send_event(in, gst_event_new_flush_start());
  gst_element_send_event(in, gst_event_new_flush_stop(TRUE));
  EXPECT_TRUE(air.hear("clipplayout/item", "removed", "b"));
  air.add(grey(dir / "c.mp4", 210, 0.4), {"c"});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(20));
  air.expect_on_grid();
  EXPECT_EQ(air.started(), "a c ");
}

TEST_F(ClipPlayoutFaults, AnEndlessListIsNotSwallowed) {
  Air air;
  air.play();
  const auto a = grey(dir / "a.mp4", 60, 0.2);
  for (int i = 0; i < 300; ++i)
    air.add(a);
  ASSERT_TRUE(air.reach("waiting", 250));
  EXPECT_LE(air.stat("waiting"), 256u);
  EXPECT_LT(air.stop(), GST_SECOND) << "with upstream blocked";
}

} // namespace
