// SPDX-License-Identifier: LGPL-2.1-or-later
// A live channel and the two clocks: fixed air times on the wall, pauses and standstills on the
// pipeline's.
#include "clipplayout_rig.h"

#include <atomic>
#include <ctime>

using namespace clips;

namespace {

/// Microseconds since the epoch; 0 = the machine's own clock.
std::atomic<gint64> wall = 0;

} // namespace

/// In place of GLib's, also for the plugin.
extern "C" __attribute__((visibility("default"))) gint64 g_get_real_time() {
  if (const gint64 set = wall) return set;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return gint64{now.tv_sec} * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

namespace {

constexpr gint64 kFrame = G_USEC_PER_SEC / 25;
constexpr gint64 kMinute = 60 * gint64{G_USEC_PER_SEC};
constexpr gint64 kNoon = 1'795'953'600 * gint64{G_USEC_PER_SEC}; // 2026-11-29T12:00:00Z

class ClipPlayoutTime : public testing::Test {
 protected:
  ~ClipPlayoutTime() override { wall = 0; }

  std::string clip(int luma, double seconds) {
    return grey(dir / (std::to_string(++count_) + ".mp4"), luma, seconds);
  }
  /// As Air::pass(), while the time of day goes on.
  static bool pass(Air& air, guint slots) {
    for (guint i = 0; i < slots; ++i, wall += kFrame)
      if (!air.pass(1)) return false;
    return true;
  }

  TempDir dir;

 private:
  int count_ = 0;
};

TEST_F(ClipPlayoutTime, AFixedTimeCutsOffWhatPlaysAtItsSlot) {
  wall = kNoon - 10 * kFrame;
  Air air;
  air.play();
  air.add(clip(60, 2), {"long"});
  air.add(clip(110, 0.4), {"next"});
  air.add(clip(210, 0.2), {.id = "news", .at = "2026-11-29T13:00:00+01:00"});
  ASSERT_TRUE(air.reach("open", 3));
  ASSERT_TRUE(pass(air, 20));
  air.expect_on_grid();
  EXPECT_EQ(air.shown(), "60*10 210*5 110*5 ");
  ASSERT_TRUE(air.hear("clipplayout/item", "ended", "long"));
  EXPECT_EQ(air.reason("ended", "long"), "cut");
  gint64 utc = 0;
  gst_structure_get_int64(air.message("clipplayout/item", "started", "news"), "utc", &utc);
  EXPECT_EQ(utc, kNoon);
}

TEST_F(ClipPlayoutTime, AFixedTimeOfABadClipCutsNothingOff) {
  wall = kNoon - 10 * kFrame;
  Air air("repeat-frame-max=0");
  air.play();
  const auto bad = [&](const std::string& amount) {
    run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=160x120:r=25:d=3.6 -c:v libx264 "
        "-preset ultrafast -g 25 -sc_threshold 0 -pix_fmt yuv420p -bsf:v 'noise=amount=" +
        amount + "' " + (dir / "bad.mp4"));
    return uri_of(dir / "bad.mp4");
  };
  air.add(clip(60, 1.2), {"long"});
  air.add(bad("0"), {.id = "news", .at = "2026-11-29T12:00:30Z"}); // not open yet
  ASSERT_TRUE(air.reach("items", 2));
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(pass(air, 5));
  bad("lt(n\\,25)"); // after it was looked at
  wall = kNoon + 30 * gint64{G_USEC_PER_SEC} - 5 * kFrame;
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(pass(air, 30));
  air.expect_on_grid();
  EXPECT_EQ(air.shown().find("60*30 "), 0u) << air.shown();
  EXPECT_TRUE(air.hear("clipplayout/item", "failed", "news"));
  ASSERT_TRUE(air.hear("clipplayout/item", "ended", "long"));
  EXPECT_EQ(air.reason("ended", "long"), "played");
  EXPECT_EQ(air.record.beeps.size(), 1u) << "its sound goes on";
  EXPECT_NEAR(static_cast<double>(air.record.last_loud), 30 * 1920, 1920);
}

TEST_F(ClipPlayoutTime, ALateItemIsNextAndCutsNothingOff) {
  wall = kNoon;
  Air air;
  air.play();
  air.add(clip(60, 0.4), {"a"});
  air.add(clip(110, 0.4), {"b"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(pass(air, 2));
  air.add(clip(210, 0.2), {.id = "late", .at = "2026-11-29T11:00:00Z"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(pass(air, 23));
  air.expect_on_grid();
  EXPECT_EQ(air.shown(), "60*10 210*5 110*10 ");
}

TEST_F(ClipPlayoutTime, AClockThatJumpsMovesFixedTimesAndNotTheGrid) {
  wall = kNoon;
  Air air;
  air.play();
  air.add(clip(60, 0.4), {"a"});
  air.add(clip(110, 0.4), {"b"});
  air.add(clip(160, 0.4), {"c"});
  air.add(clip(210, 0.2), {.id = "half", .at = "2026-11-29T12:30:00Z"});
  air.add(clip(30, 0.2), {.id = "one", .at = "2026-11-29T13:00:00Z"});
  ASSERT_TRUE(air.reach("items", 5));
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(pass(air, 3));
  wall += 40 * kMinute; // the first is late by ten minutes now
  ASSERT_TRUE(air.reach("open", 3));
  ASSERT_TRUE(pass(air, 12));
  EXPECT_EQ(air.shown(), "60*10 210*5 ");
  wall = kNoon - 60 * kMinute;
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(pass(air, 20));
  EXPECT_EQ(air.shown(15), "110*10 160*10 ");
  wall = kNoon + 60 * kMinute - kFrame;
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(pass(air, 3));
  EXPECT_EQ(air.shown(35), "160*1 30*2 ");
  air.expect_on_grid();
}

TEST_F(ClipPlayoutTime, APauseTakesNoSlot) {
  Air air;
  air.play();
  air.add(clip(60, 2), {"a"});
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(5));
  gst_element_set_state(air.pipeline, GST_STATE_PAUSED);
  while (air.waiting() > 0)
    g_usleep(1000);
  const GstClockTime before = air.now();
  air.advance(5 * GST_SECOND);
  EXPECT_EQ(air.record.frames.size(), 5u);
  air.play();
  ASSERT_TRUE(air.pass(5));
  EXPECT_EQ(air.now(), before + 5 * GST_SECOND + 5 * kSlot);
  EXPECT_EQ(air.record.frames.size(), 10u);
  EXPECT_EQ(air.shown(), "60*10 ");
  air.expect_on_grid();
}

GstPadProbeReturn hold_up(GstPad*, GstPadProbeInfo*, gpointer) {
  return GST_PAD_PROBE_OK; // blocks while it stands
}

TEST_F(ClipPlayoutTime, AfterAStandstillAllSlotsAreMadeUpFor) {
  Air air;
  air.play();
  const std::string uri = clip(60, 1);
  for (int i = 0; i < 12; ++i)
    air.add(uri);
  ASSERT_TRUE(air.reach("items", 12));
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(2));
  std::vector<std::pair<GstPad*, gulong>> blocks;
  for (const char* name : {"video", "audio"}) {
    GstPad* pad = gst_element_get_static_pad(air.element, name);
    constexpr int kinds = GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER;
    blocks.emplace_back(pad, gst_pad_add_probe(pad, static_cast<GstPadProbeType>(kinds), hold_up,
                                               nullptr, nullptr));
  }
  ASSERT_TRUE(air.pass_one(2));
  while (air.waiting() > 0)
    g_usleep(1000);
  EXPECT_EQ(air.stat("behind"), 0u);
  air.advance(8 * GST_SECOND);
  EXPECT_NEAR(static_cast<double>(air.stat("behind")), 8e9, 2.0 * kSlot);
  for (const auto& [pad, block] : blocks) {
    gst_pad_remove_probe(pad, block);
    gst_object_unref(pad);
  }
  air.settle();
  air.expect_on_grid();
  EXPECT_EQ(air.stat("behind"), 0u);
  EXPECT_EQ(air.record.frames.size(), 203u);
  EXPECT_EQ(air.stat("damaged"), 0u);
  EXPECT_EQ(air.stat("aired"), 9u);
  EXPECT_LE(air.stat("repeat-frames") + air.stat("slate-frames"), 25u);
  EXPECT_LE(air.stat("held"), 25u);
}

} // namespace
