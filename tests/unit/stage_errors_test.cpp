// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: every on-error policy, what the bus hears and in which order, what downstream answers.
#include "media/picture.h"
#include "stage_rig.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

using Words = std::vector<std::string>;

void fail_on_bad(const Job& job, Cancel&, const Script::Progress&) {
  if (job.shot.words() != "bad") return;
  Error error(Fault::no_funds, "the balance is empty", "top up");
  error.code = "Arrearage";
  error.request_id = "r-9";
  error.http_status = 402;
  error.service = "fake";
  throw error;
}

size_t place_of(const Words& said, const std::string& what) {
  return static_cast<size_t>(std::find(said.begin(), said.end(), what) - said.begin());
}

void push_three(Rig& rig) {
  rig.open_time();
  rig.push("a");
  rig.push("bad");
  rig.push("b");
  rig.eos();
}

} // namespace

TEST(StageErrors, FailIsOneErrorWithDetailsBeforeTheProgressError) {
  Rig rig;
  rig.script().on_work = fail_on_bad;
  rig.start();
  push_three(rig);
  ASSERT_TRUE(rig.wait_left("eos"));
  ASSERT_TRUE(rig.wait_said("failed image:shot-2"));
  EXPECT_EQ(rig.count_said("error"), 1u);
  EXPECT_EQ(rig.texts(), Words{"a"});
  EXPECT_LT(place_of(rig.said(), "error"), place_of(rig.said(), "failed image:shot-2"));
  auto message = rig.message("error");
  EXPECT_TRUE(is_error(message.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
  EXPECT_EQ(detail_of(message.get(), "remedy"), "top up");
  EXPECT_EQ(detail_of(message.get(), "code"), "Arrearage");
  EXPECT_EQ(detail_of(message.get(), "request-id"), "r-9");
  EXPECT_EQ(detail_of(message.get(), "stage"), "image");
  EXPECT_EQ(rig.push("late"), GST_FLOW_EOS); // after eos() the pad itself answers
  EXPECT_EQ(rig.count_said("aigc/shot-failed"), 1u);
  EXPECT_TRUE(eventually([&] { return rig.progress_is_paired(); }));
}

TEST(StageErrors, UpstreamGetsTheErrorAndWhatWasDoneLeaves) {
  Rig rig;
  Gate first;
  rig.script().workers = 2;
  rig.script().on_work = [&](const Job& job, Cancel& cancel, const auto& progress) {
    if (job.shot.words() == "a") first.pass_deaf();
    fail_on_bad(job, cancel, progress);
  };
  rig.start();
  rig.open_time();
  rig.hold();
  rig.push("done");
  ASSERT_TRUE(rig.wait_held());
  rig.push("done too");
  ASSERT_TRUE(rig.script().ended(2));
  ASSERT_TRUE(rig.wait_said("complete image:shot-2"));
  rig.push("bad");
  ASSERT_TRUE(rig.wait_said("error"));
  EXPECT_TRUE(eventually([&] { return rig.push("more") == GST_FLOW_ERROR; }));
  rig.release();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts().at(0), "done");
  first.open();
}

TEST(StageErrors, SkipIsAGapAndAWarningInItsPlace) {
  Rig rig;
  rig.script().on_work = fail_on_bad;
  rig.set("on-error", "skip");
  rig.start();
  push_three(rig);
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer gap buffer eos");
  EXPECT_EQ(rig.left().at(4).pts, 5 * GST_SECOND);
  EXPECT_EQ(rig.left().at(4).duration, 5 * GST_SECOND);
  EXPECT_EQ(rig.left().at(5).pts, 10 * GST_SECOND);
  EXPECT_EQ(rig.count_said("warning"), 1u);
  EXPECT_EQ(rig.count_said("error"), 0u);
  EXPECT_EQ(rig.stat("failed"), 1u);
  EXPECT_EQ(rig.stat("done"), 2u);
}

TEST(StageErrors, AFallbackTakesThePlace) {
  Rig rig;
  rig.script().on_work = fail_on_bad;
  rig.set("on-error", "fallback");
  rig.start();
  push_three(rig);
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), (Words{"a", "fallback bad", "b"}));
  EXPECT_EQ(rig.count_said("warning"), 1u);
  EXPECT_EQ(rig.count_said("error"), 0u);
  EXPECT_TRUE(rig.progress_is_paired());
}

TEST(StageErrors, AFallbackThatFailsIsTheError) {
  for (bool known : {true, false}) {
    Rig rig;
    rig.script().on_work = fail_on_bad;
    rig.script().on_fallback = [=](const Job&) {
      if (known) throw Error(Fault::settings, "no fallback here");
      throw std::runtime_error("surprise");
    };
    rig.set("on-error", "fallback");
    rig.start();
    push_three(rig);
    ASSERT_TRUE(rig.wait_left("eos"));
    ASSERT_TRUE(rig.wait_said("failed image:shot-2"));
    EXPECT_EQ(rig.count_said("error"), 1u);
    EXPECT_TRUE(rig.progress_is_paired());
  }
}

TEST(StageErrors, NothingFallsBackFromARefusedKey) {
  Rig rig;
  rig.script().on_work = [](auto&&...) {
    throw Error(Fault::not_authorized, "the key is refused");
  };
  rig.set("on-error", "fallback");
  rig.start();
  rig.open_time();
  rig.push("a");
  ASSERT_TRUE(rig.wait_said("failed image:shot-1"));
  EXPECT_EQ(rig.count_said("error"), 1u);
  EXPECT_EQ(rig.count_said("warning"), 0u);
}

TEST(StageErrors, WhateverIsThrownEndsAsOneError) {
  for (int kind = 0; kind < 3; ++kind) {
    Rig rig;
    if (kind == 0) rig.script().on_work = [](auto&&...) { throw std::bad_alloc(); };
    if (kind == 1) rig.script().on_work = [](auto&&...) { throw 42; };
    if (kind == 2) rig.script().on_product = [](Product& product) { product.buffer.reset(); };
    rig.start();
    rig.open_time();
    rig.push("a");
    ASSERT_TRUE(rig.wait_said("failed image:shot-1"));
    EXPECT_EQ(rig.count_said("error"), 1u);
    EXPECT_EQ(rig.stat("in-flight"), 0u);
    EXPECT_EQ(rig.sequence().find("eos"), std::string::npos); // no stream has begun
  }
}

TEST(StageErrors, AShotOutOfRangeIsRefusedBeforeTheService) {
  Rig rig;
  rig.set("on-error", "skip");
  rig.start();
  rig.open_time();
  rig.push("invalid \xff utf-8");
  rig.push(std::string("n\0ul", 4));
  rig.push(std::string(1 << 20, 'x'));
  rig.push("good");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.script().seen.lock()->words, Words{"good"});
  EXPECT_EQ(rig.count_said("warning"), 3u);
}

TEST(StageErrors, ASharedBufferOfTheServiceIsNotWrittenTo) {
  auto shared = buffer_of("cached");
  {
    Rig rig;
    rig.script().on_product = [&](Product& product) { product.buffer = shared; };
    rig.start();
    rig.open_time();
    rig.push("a");
    rig.push("b");
    rig.eos();
    ASSERT_TRUE(rig.wait_left("eos"));
    EXPECT_EQ(rig.left().at(4).shot->id, "shot-2");
  }
  EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(shared.get()));
}

TEST(StageErrors, ProgressAndElementMessagesOfAGoodShot) {
  Rig rig;
  rig.script().notice = "these are previews";
  rig.script().on_work = [](const Job&, Cancel&, const auto& progress) { progress.percent(40); };
  rig.start();
  rig.open_time();
  rig.push("a");
  ASSERT_TRUE(rig.wait_left("buffer"));
  EXPECT_EQ(rig.said(), (Words{"warning", "start image:shot-1", "continue image:shot-1",
                               "aigc/shot-done", "complete image:shot-1"}));
  gint percent = 0;
  auto progress = rig.message("continue image:shot-1");
  gst_structure_get_int(gst_message_get_structure(progress.get()), "percent", &percent);
  EXPECT_EQ(percent, 40);
  auto done = rig.message("aigc/shot-done");
  EXPECT_STREQ(gst_structure_get_string(gst_message_get_structure(done.get()), "request-id"),
               "req-shot-1");
  rig.flush();
  rig.open_time();
  rig.push("b");
  ASSERT_TRUE(rig.wait_left("buffer", 2));
  EXPECT_EQ(rig.count_said("warning"), 1u); // the notice comes once a run
}

TEST(StageErrors, SketchesOfAShotAreShownButNotTooMany) {
  Rig rig;
  Cancel unused;
  const auto png = encode_picture({2, 2, std::vector<std::uint8_t>(16, 9)}, "image/png", unused);
  const auto noise = adopt(g_bytes_new_static("noise", 5));
  Gate gate;
  rig.script().on_work = [&](const Job& job, Cancel&, const auto& progress) {
    if (job.shot.words() == "late") gate.pass_deaf();
    progress.preview(noise.get());
    for (int i = 0; i < 40; ++i)
      progress.preview(png.get());
  };
  rig.start();
  rig.open_time();
  rig.push("a");
  ASSERT_TRUE(rig.wait_left("buffer"));
  const auto shown = rig.count_said("aigc/shot-preview");
  EXPECT_GE(shown, 1u);
  EXPECT_LT(shown, 20u);
  auto message = rig.message("aigc/shot-preview");
  const GstStructure* fields = gst_message_get_structure(message.get());
  EXPECT_STREQ(gst_structure_get_string(fields, "id"), "shot-1");
  EXPECT_STREQ(gst_structure_get_string(fields, "stage"), "image");
  GstSample* picture = nullptr;
  ASSERT_TRUE(gst_structure_get(fields, "picture", GST_TYPE_SAMPLE, &picture, nullptr));
  const auto sample = adopt(picture);
  EXPECT_EQ(take_string(gst_caps_to_string(gst_sample_get_caps(sample.get()))), "image/png");
  EXPECT_EQ(gst_buffer_get_size(gst_sample_get_buffer(sample.get())), g_bytes_get_size(png.get()));
  rig.push("late");
  ASSERT_TRUE(rig.script().began(2));
  rig.flush();
  gate.open();
  ASSERT_TRUE(rig.script().ended(2));
  EXPECT_EQ(rig.count_said("aigc/shot-preview"), shown); // that shot no longer counts
}

TEST(StageErrors, StatsStayInNull) {
  Rig rig;
  EXPECT_EQ(rig.stat("requests"), 0u);
  rig.start();
  rig.open_time();
  rig.push("a");
  ASSERT_TRUE(rig.wait_left("buffer"));
  rig.stop();
  EXPECT_EQ(rig.stat("requests"), 1u);
  gdouble cost = 0;
  gst_structure_get_double(rig.stats().get(), "cost", &cost);
  EXPECT_EQ(cost, 0.5);
  rig.start();
  EXPECT_EQ(rig.stat("requests"), 0u);
}

TEST(StageErrors, DownstreamsAnswerReachesUpstream) {
  for (auto flow : {GST_FLOW_EOS, GST_FLOW_ERROR, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_NOT_LINKED,
                    GST_FLOW_FLUSHING}) {
    Rig rig;
    rig.start();
    rig.open_time();
    rig.answer(flow);
    EXPECT_TRUE(eventually([&] { return rig.push("x") == flow; })) << gst_flow_get_name(flow);
    const bool is_error = flow != GST_FLOW_EOS && flow != GST_FLOW_FLUSHING;
    if (is_error) {
      EXPECT_TRUE(rig.wait_said("error"));
    }
    EXPECT_EQ(rig.count_said("error"), is_error ? 1u : 0u) << gst_flow_get_name(flow);
    if (flow != GST_FLOW_FLUSHING) {
      EXPECT_TRUE(rig.wait_left("eos"));
    }
    rig.stop();
    EXPECT_TRUE(rig.progress_is_paired());
  }
}

TEST(StageErrors, ThePipelineWorksAgainAfterAnError) {
  Rig rig;
  rig.script().on_work = fail_on_bad;
  rig.start();
  rig.open_time();
  rig.push("bad");
  ASSERT_TRUE(rig.wait_said("error"));
  for (int i = 0; i < 3; ++i) {
    rig.stop();
    rig.start();
    rig.open_time();
    rig.push("good");
    rig.eos();
    ASSERT_TRUE(rig.wait_left("eos"));
    EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer eos");
  }
  EXPECT_EQ(rig.count_said("error"), 1u);
  EXPECT_EQ(rig.script().seen.lock()->runs, 4u);
}
