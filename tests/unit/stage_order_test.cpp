// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: framing at the pad, order, bounded memory, times, events between shots, the shot meta.
#include "stage_rig.h"

#include <gtest/gtest.h>
#include <random>

using namespace aigc;

namespace {

using Words = std::vector<std::string>;

/// Work that takes 0..500 us, the same in every run.
std::function<void(const Job&, Cancel&, const Script::Progress&)> random_latency() {
  auto random = std::make_shared<Guarded<std::mt19937>>(std::mt19937(42));
  return [random](const Job&, Cancel& cancel, auto&) {
    const auto latency = std::chrono::microseconds((*random->lock())() % 500);
    if (cancel.sleep(latency)) cancel.check();
  };
}

GstEvent* custom(const char* name) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name));
}

} // namespace

TEST(StageFraming, BytesAreLinesCutAnywhere) {
  Rig rig;
  rig.start();
  rig.open_bytes();
  const std::string text = "\xEF\xBB\xBF汉服\r\n\n狐狸\nlast";
  for (char byte : text)
    EXPECT_EQ(rig.push(std::string(1, byte)), GST_FLOW_OK);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), (Words{"汉服", "狐狸", "last"}));
}

TEST(StageFraming, ALineOverTheLimitIsOneErrorAndUpstreamHears) {
  Rig rig;
  rig.start();
  rig.open_bytes();
  EXPECT_EQ(rig.push("fine\n" + std::string(kMaxTextBytes + 1, 'x')), GST_FLOW_ERROR);
  ASSERT_TRUE(rig.wait_said("error"));
  EXPECT_EQ(rig.count_said("error"), 1u);
  EXPECT_TRUE(is_error(rig.message("error").get(), GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE));
}

TEST(StageFraming, APictureIsGatheredToTheEndAndKeepsItsShot) {
  Rig rig;
  rig.set("prompt", "push in");
  rig.start();
  rig.open_bytes("image/png");
  rig.push("abc");
  rig.push("def");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  const auto jobs = rig.script().seen.lock()->jobs;
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(gst_buffer_get_size(jobs[0].input.get()), 6u);
  EXPECT_EQ(jobs[0].shot.script, "push in");
}

TEST(StageFraming, OfARawStreamTheFirstFrameIsUsedWithAWarning) {
  Rig rig;
  rig.set("prompt", "x");
  rig.start();
  rig.open_time("video/x-raw, framerate=25/1");
  EXPECT_EQ(rig.push("1", 0), GST_FLOW_OK);
  EXPECT_EQ(rig.push("2", GST_SECOND), GST_FLOW_EOS);
  ASSERT_TRUE(rig.wait_left("eos")); // upstream need not send one
  EXPECT_EQ(rig.count_said("warning"), 1u);
  EXPECT_EQ(rig.texts().size(), 1u);
}

TEST(StageFraming, EveryFrameOnRequest) {
  Rig rig;
  rig.set("prompt", "x");
  rig.set("every-frame", "true");
  rig.start();
  rig.open_time("video/x-raw, framerate=25/1");
  EXPECT_EQ(rig.push("1", 0), GST_FLOW_OK);
  EXPECT_EQ(rig.push("2", GST_SECOND), GST_FLOW_OK);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts().size(), 2u);
  EXPECT_EQ(rig.count_said("warning"), 0u);
}

TEST(StageFraming, AnEmptyStreamIsAWarningAndEos) {
  Rig rig;
  rig.start();
  rig.open_bytes();
  rig.push("\n \n");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.count_said("warning"), 1u);
  EXPECT_EQ(rig.count_said("error"), 0u);
}

TEST(StageOrder, InputOrderHoldsUnderRandomLatency) {
  Rig rig;
  rig.script().workers = 6;
  rig.script().on_work = random_latency();
  rig.start();
  rig.open_time();
  Words words;
  for (int i = 0; i < 200; ++i) {
    words.push_back(std::to_string(i));
    ASSERT_EQ(rig.push(words.back()), GST_FLOW_OK);
  }
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), words);
  EXPECT_LE(rig.script().seen.lock()->most_running, 6u);
  GstClockTime expected = 0;
  for (const auto& item : rig.left()) {
    if (item.what != "buffer") continue;
    EXPECT_EQ(item.pts, expected);
    EXPECT_EQ(item.duration, 5 * GST_SECOND);
    expected += item.duration;
  }
}

TEST(StageOrder, ReadyLetsTheQuickOvertakeAndLosesNone) {
  Rig rig;
  Gate slow;
  rig.script().workers = 3;
  auto latency = random_latency();
  rig.script().on_work = [&, latency](const Job& job, Cancel& cancel, const auto& progress) {
    if (job.shot.script == "slow")
      slow.pass(cancel);
    else
      latency(job, cancel, progress);
  };
  rig.set("order", "ready");
  rig.start();
  rig.open_time();
  rig.push("slow");
  for (int i = 0; i < 50; ++i)
    rig.push("quick");
  ASSERT_TRUE(rig.wait_left("buffer", 50));
  slow.open();
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  const auto texts = rig.texts();
  ASSERT_EQ(texts.size(), 51u);
  EXPECT_EQ(texts.back(), "slow");
}

TEST(StageOrder, AtMostTwiceTheWorkersAreInside) {
  Rig rig;
  Gate gate;
  rig.script().workers = 2;
  rig.script().on_work = [&](const Job&, Cancel& cancel, auto&) { gate.pass(cancel); };
  rig.start();
  rig.open_time();
  std::atomic<int> pushed = 0;
  std::thread upstream([&] {
    for (int i = 0; i < 10; ++i)
      if (rig.push("x") == GST_FLOW_OK) ++pushed;
  });
  ASSERT_TRUE(rig.script().began(2));
  EXPECT_TRUE(eventually([&] { return pushed == 4; }));
  EXPECT_EQ(pushed, 4);
  EXPECT_EQ(rig.stat("in-flight"), 2u);
  gate.open();
  upstream.join();
  EXPECT_TRUE(rig.wait_left("buffer", 10));
}

TEST(StageOrder, TimesOfATimedStreamAreInherited) {
  Rig rig;
  rig.start();
  rig.open_time();
  rig.push("a", 2 * GST_SECOND, GST_SECOND);
  rig.push("b", 10 * GST_SECOND, 3 * GST_SECOND);
  rig.push("overlaps", 11 * GST_SECOND, GST_SECOND);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  std::vector<GstClockTime> times;
  for (const auto& item : rig.left())
    if (item.what == "buffer") times.push_back(item.pts / GST_SECOND);
  EXPECT_EQ(times, (std::vector<GstClockTime>{2, 10, 13}));
  EXPECT_TRUE(rig.left().at(3).discont);
  EXPECT_FALSE(rig.left().at(4).discont);
}

TEST(StageOrder, TheShotsOwnDurationCounts) {
  Rig rig;
  rig.start();
  rig.open_time();
  Shot shot;
  shot.id = "mine";
  shot.script = "words";
  shot.duration = 2.5;
  rig.push_shot(shot);
  rig.push("second");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  const auto left = rig.left();
  EXPECT_EQ(left.at(3).duration, 2500 * GST_MSECOND);
  EXPECT_EQ(left.at(4).pts, 2500 * GST_MSECOND);
}

TEST(StageOrder, EveryResultCarriesItsShot) {
  Rig rig;
  rig.start();
  rig.open_time();
  Shot shot;
  shot.id = "mine";
  shot.script = "words";
  shot.mood = "calm";
  rig.push_shot(shot);
  rig.push("second");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  const auto left = rig.left();
  const auto& first = left.at(3).shot;
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, "mine");
  EXPECT_EQ(first->mood, "calm");
  ASSERT_EQ(first->provenance.size(), 1u);
  EXPECT_EQ(first->provenance[0].request_id, "req-mine");
  EXPECT_EQ(left.at(4).shot->id, "shot-2");
  EXPECT_EQ(left.at(4).shot->index, 1);
}

TEST(StageOrder, SerializedEventsStayBetweenTheirShots) {
  Rig rig;
  rig.script().workers = 4;
  rig.script().on_work = random_latency();
  rig.start();
  rig.open_time();
  for (int i = 0; i < 8; ++i) // more than the queue holds, before any shot
    rig.send(custom("early"));
  for (int i = 0; i < 20; ++i) {
    rig.push("x");
    rig.send(custom("between"));
  }
  rig.send(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "t", nullptr)));
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  std::string expected = "stream-start caps segment";
  for (int i = 0; i < 8; ++i)
    expected += " custom-downstream";
  for (int i = 0; i < 20; ++i)
    expected += " buffer custom-downstream";
  EXPECT_EQ(rig.sequence(), expected + " tag eos");
}

TEST(StageOrder, UpstreamGapsPassInRunningTimeAndMoveThePosition) {
  Rig rig;
  rig.start();
  rig.open_time();
  rig.push("a", 0, 4 * GST_SECOND);
  rig.send(gst_event_new_gap(4 * GST_SECOND, 2 * GST_SECOND));
  rig.push("b", GST_CLOCK_TIME_NONE, GST_SECOND);
  rig.send(gst_event_new_gap(5 * GST_SECOND, 4 * GST_SECOND)); // 2 s of it have passed
  rig.send(gst_event_new_gap(GST_SECOND, GST_SECOND));         // all of it has
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer gap buffer gap eos");
  const auto left = rig.left();
  EXPECT_EQ(left.at(4).pts, 4 * GST_SECOND);
  EXPECT_EQ(left.at(5).pts, 6 * GST_SECOND);
  EXPECT_EQ(left.at(6).pts, 7 * GST_SECOND);
  EXPECT_EQ(left.at(6).duration, 2 * GST_SECOND);
}

TEST(StageOrder, ASecondSegmentOfUpstreamIsStillOneOfOurs) {
  Rig rig;
  rig.start();
  rig.open_time();
  rig.push("a", 0, GST_SECOND);
  GstSegment next;
  gst_segment_init(&next, GST_FORMAT_TIME);
  next.base = 3 * GST_SECOND;
  rig.send(gst_event_new_segment(&next));
  rig.push("b", 0, GST_SECOND);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer buffer eos");
  EXPECT_EQ(rig.left().at(4).pts, 3 * GST_SECOND);
}
