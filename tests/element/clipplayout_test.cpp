// SPDX-License-Identifier: LGPL-2.1-or-later
// The grid of a live channel: items, starvation, fillers, seams.
#include "clipplayout_rig.h"

using namespace clips;

namespace {

class ClipPlayout : public testing::Test {
 protected:
  TempDir dir;
};

TEST_F(ClipPlayout, StandsOnTheGridThroughStarvation) {
  Air air;
  const auto a = grey(dir / "a.mp4", 60, 0.4), b = grey(dir / "b.mp4", 160, 0.4);
  const auto c = grey(dir / "c.mp4", 210, 0.4);
  air.play();
  ASSERT_TRUE(air.pass(3)); // nothing there yet
  air.add(a);
  air.add(b);
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(20 + 15));
  air.add(c);
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(12));
  air.expect_on_grid();
  const std::string slate = std::to_string((air.record.frames[0].luma + 5) / 10 * 10);
  // The picture of b stays for half a second at most; c starts at the slot after it is there.
  EXPECT_EQ(air.shown(), slate + "*3 60*10 160*23 " + slate + "*2 210*12 ") << air.started();
  EXPECT_EQ(air.stat("unopened"), 0u);
  EXPECT_EQ(air.stat("held"), 0u);
  EXPECT_EQ(air.record.frames.size(), air.record.samples / 1920);
  EXPECT_EQ(air.record.caps_events, 1);
}

TEST_F(ClipPlayout, PicturesAndSoundMeetAtEverySeam) {
  Clip clip;
  clip.seconds = 0.6;
  clip.flash = 0.2;
  std::vector<std::string> uris;
  for (int i = 0; i < 4; ++i) { // sound that is longer and shorter than the pictures
    clip.sound = 0.5 + 0.1 * i;
    uris.push_back(make(dir / (std::to_string(i) + ".mp4"), clip));
  }
  Air air;
  for (const auto& uri : uris)
    air.add(uri);
  air.play();
  for (int i = 0; i < 4; ++i) {
    if (i < 3) air.reach("open", i < 3 ? 2 : 1);
    ASSERT_TRUE(air.pass(15));
  }
  air.pass(3);
  air.expect_on_grid();
  const auto flashes = air.record.flashes();
  ASSERT_EQ(flashes.size(), 4u);
  ASSERT_EQ(air.record.beeps.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(flashes[i], flashes[0] + i * 15 * kSlot);
    const auto beep = gst_util_uint64_scale(air.record.beeps[i], GST_SECOND, 48000);
    EXPECT_LT(std::abs(GST_CLOCK_DIFF(flashes[i], beep)), GstClockTimeDiff(5 * GST_MSECOND)) << i;
  }
}

TEST_F(ClipPlayout, AFillerComesAtTheVeryNextSlotAndEndsAsThePolicySays) {
  grey(dir / "filler.mp4", 110, 0.4);
  const auto a = grey(dir / "a.mp4", 60, 0.2), b = grey(dir / "b.mp4", 210, 0.2);
  for (const char* policy : {"item-end", "immediate"}) {
    Air air("repeat-frame-max=0 return-policy=" + std::string(policy) +
            " filler=" + (dir / "filler.mp4"));
    air.play();
    air.add(a, {"a"});
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.reach("standby", 1));
    ASSERT_TRUE(air.pass(5 + 2));
    air.add(b, {"b"});
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(15));
    air.expect_on_grid();
    const size_t first = air.shown().find("60*5");
    ASSERT_NE(first, std::string::npos) << air.shown();
    const std::string after = air.shown().substr(first);
    EXPECT_EQ(after.find(policy[1] == 't' ? "60*5 110*10 210*5 110*" : "60*5 110*2 210*5 110*"), 0u)
        << after;
    EXPECT_TRUE(air.message("clipplayout/filler", "enter"));
  }
}

TEST_F(ClipPlayout, ClipsAreAiredAgain) {
  Air air("repeat-frame-max=0 reair=lru reair-min-gap=400000000");
  air.play();
  air.add(grey(dir / "a.mp4", 60, 0.2), {"a"});
  air.add(grey(dir / "b.mp4", 110, 0.2), {"b"});
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(22)); // a, b, slate until the gap is over
  ASSERT_TRUE(air.reach("standby", 1));
  ASSERT_TRUE(air.pass(5));
  air.expect_on_grid();
  const std::string started = air.started();
  EXPECT_EQ(started.find("a b a "), 0u) << started;
}

TEST_F(ClipPlayout, ACrossfadeMixesPictures) {
  Air air("transition=crossfade transition-time=200000000");
  air.play();
  air.add(grey(dir / "a.mp4", 60, 0.8));
  air.add(grey(dir / "b.mp4", 210, 0.8));
  ASSERT_TRUE(air.reach("open", 2));
  ASSERT_TRUE(air.pass(36));
  air.expect_on_grid();
  const size_t seam = 15;
  EXPECT_NEAR(air.record.frames[seam - 1].luma, 60, 4);
  for (size_t i = 0; i < 5; ++i)
    EXPECT_NEAR(air.record.frames[seam + i].luma, 60 + 150 * (i + 1) / 6.0, 8) << i;
  EXPECT_NEAR(air.record.frames[seam + 5].luma, 210, 4);
  EXPECT_NEAR(air.record.frames[seam + 19].luma, 210, 4);
}

TEST_F(ClipPlayout, EndsOnlyWhenToldTo) {
  Air air;
  air.play();
  air.add(grey(dir / "a.mp4", 60, 0.4));
  g_autoptr(GstElement) in = gst_bin_get_by_name(GST_BIN(air.pipeline), "in");
  gst_app_src_end_of_stream(GST_APP_SRC(in));
  ASSERT_TRUE(air.reach("open", 1));
  ASSERT_TRUE(air.pass(30));
  EXPECT_FALSE(air.eos);
  EXPECT_TRUE(gst_element_send_event(air.pipeline, gst_event_new_eos()));
  std::unique_lock lock(air.mutex());
  EXPECT_TRUE(air.changed().wait_for(lock, std::chrono::seconds(5), [&] { return air.eos; }));
  lock.unlock();
  air.expect_on_grid();
  EXPECT_EQ(air.record.frames.size(), 30u);
}

TEST_F(ClipPlayout, OneSideAloneWillDo) {
  const auto a = grey(dir / "a.mp4", 60, 0.4);
  for (const bool video : {true, false}) {
    Air air("", video, !video);
    air.play();
    air.add(a);
    ASSERT_TRUE(air.reach("open", 1));
    ASSERT_TRUE(air.pass(12));
    air.expect_on_grid(video, !video);
    EXPECT_EQ(video ? air.record.frames.size() : air.record.sounds.size(), 12u);
    EXPECT_TRUE(air.errors.empty());
  }
}

TEST_F(ClipPlayout, SaysWhatDownstreamDoesNotTake) {
  g_autoptr(GstElement) pipeline =
      gst_parse_launch("appsrc ! clipplayout name=p p.video ! "
                       "capsfilter caps=video/x-raw,format=I420,width=640 ! fakesink",
                       nullptr);
  gst_object_ref_sink(pipeline);
  EXPECT_EQ(gst_element_set_state(pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
  g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  ASSERT_TRUE(message);
  g_autoptr(GError) error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  EXPECT_TRUE(strstr(error->message, "video-caps")) << error->message;
  gst_element_set_state(pipeline, GST_STATE_NULL);
}

} // namespace
