// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage: a user's EOS, flush and teardown in every phase, and work that ignores cancel.
#include "stage_rig.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

enum class Phase { idle, working, held, full, ended };
constexpr Phase kPhases[] = {Phase::idle, Phase::working, Phase::held, Phase::full, Phase::ended};

/// A rig brought into a phase; words "block" wait for `gate`.
class Phased {
 public:
  explicit Phased(Phase phase, bool deaf = false) : phase_(phase) {
    auto gate = gate_;
    rig.script().on_work = [gate, deaf](const Job& job, Cancel& cancel, auto&) {
      if (job.shot.words() != "block") return;
      deaf ? gate->pass_deaf() : gate->pass(cancel);
    };
  }
  ~Phased() {
    gate_->open();
    join();
  }

  void enter() {
    ASSERT_TRUE(rig.wait_left("stream-start"));
    rig.open_time();
    switch (phase_) {
    case Phase::idle:
      break;
    case Phase::working:
      rig.push("block");
      ASSERT_TRUE(rig.script().began(1));
      break;
    case Phase::held:
      rig.hold();
      rig.push("a");
      ASSERT_TRUE(rig.wait_held());
      break;
    case Phase::full:
      upstream_ = std::thread([this] {
        while (rig.push("block") == GST_FLOW_OK)
          ++pushed_;
      });
      ASSERT_TRUE(eventually([&] { return pushed_ == 2; }));
      break;
    case Phase::ended:
      rig.push("a");
      rig.eos();
      ASSERT_TRUE(rig.wait_left("eos"));
      break;
    }
  }
  void join() {
    if (upstream_.joinable()) upstream_.join();
  }
  void open() { gate_->open(); }

  Rig rig;

 private:
  Phase phase_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::thread upstream_;
  std::atomic<int> pushed_ = 0;
};

} // namespace

TEST(StageFlush, DataFlowsAgainAfterAFlushInEveryPhase) {
  for (Phase phase : kPhases) {
    Phased test(phase);
    Rig& rig = test.rig;
    rig.start();
    test.enter();
    rig.send(gst_event_new_flush_start());
    test.join();
    EXPECT_EQ(rig.push("refused"), GST_FLOW_FLUSHING);
    rig.send(gst_event_new_flush_stop(TRUE));
    rig.forget_left();
    rig.open_time();
    EXPECT_EQ(rig.push("again"), GST_FLOW_OK);
    rig.eos();
    ASSERT_TRUE(rig.wait_left("eos")) << static_cast<int>(phase);
    // GStreamer sends a stream-start again that the flush met underway.
    EXPECT_TRUE(rig.sequence().ends_with("caps segment buffer eos")) << rig.sequence();
    EXPECT_EQ(rig.texts(), Words{"again"});
    EXPECT_EQ(rig.left().at(rig.left().size() - 2).pts, 0u);
    EXPECT_EQ(rig.count_said("error"), 0u);
    EXPECT_EQ(rig.stat("in-flight"), 0u);
    EXPECT_TRUE(rig.progress_is_paired());
  }
}

TEST(StageFlush, AFlushBeforeTheStreamStartLosesNothing) {
  for (int i = 0; i < 200; ++i) {
    Rig rig;
    rig.start();
    rig.flush();
    rig.open_time();
    rig.push("a");
    rig.eos();
    ASSERT_TRUE(rig.wait_left("eos"));
    size_t starts = 0;
    for (const auto& item : rig.left())
      starts += item.what == "stream-start";
    ASSERT_GE(starts, 1u); // GStreamer sends a sticky event again that a flush met underway
  }
}

TEST(StageFlush, TeardownIsQuickInEveryPhaseAndTheStageWorksAgain) {
  for (bool deaf : {false, true}) {
    for (Phase phase : kPhases) {
      Phased test(phase, deaf);
      Rig& rig = test.rig;
      rig.start();
      test.enter();
      EXPECT_LT(rig.stop(), 1000u) << static_cast<int>(phase);
      test.join();
      EXPECT_EQ(rig.count_said("error"), 0u);
      if (!deaf) {
        EXPECT_TRUE(rig.progress_is_paired());
      }
      rig.start();
      rig.open_time();
      rig.push("again");
      rig.eos();
      ASSERT_TRUE(rig.wait_left("eos"));
      EXPECT_EQ(rig.texts(), Words{"again"});
    }
  }
}

TEST(StageFlush, WorkThatOutlivesAFlushHarmsNothing) {
  Rig rig;
  auto gate = std::make_shared<Gate>();
  rig.script().on_work = [gate](const Job& job, Cancel&, auto&) {
    if (job.shot.words() != "deaf") return;
    gate->pass_deaf();
    throw Error(Fault::read, "far too late");
  };
  rig.start();
  rig.open_time();
  rig.push("deaf");
  ASSERT_TRUE(rig.script().began(1));
  rig.flush();
  rig.open_time();
  rig.push("a");
  ASSERT_TRUE(rig.wait_left("buffer"));
  gate->open();
  ASSERT_TRUE(rig.wait_said("canceled image:shot-1"));
  EXPECT_EQ(rig.push("b"), GST_FLOW_OK);
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), (Words{"a", "b"}));
  EXPECT_EQ(rig.count_said("error"), 0u);
}

TEST(StageFlush, WorkThatOutlivesTheElementHarmsNothing) {
  auto gate = std::make_shared<Gate>();
  std::weak_ptr<Script> script;
  {
    Rig rig;
    script = script_of(rig.element());
    rig.script().on_work = [gate](const Job&, Cancel&, auto&) { gate->pass_deaf(); };
    rig.start();
    rig.open_time();
    rig.push("deaf");
    ASSERT_TRUE(rig.script().began(1));
  }
  EXPECT_FALSE(script.expired());
  gate->open();
  EXPECT_TRUE(eventually([&] { return script.expired(); }));
}

TEST(StageFlush, TheCountOfANewRunIgnoresWorkOfTheLast) {
  Rig rig;
  auto gate = std::make_shared<Gate>();
  rig.script().on_work = [gate](const Job&, Cancel&, auto&) { gate->pass_deaf(); };
  rig.start();
  rig.open_time();
  rig.push("deaf");
  ASSERT_TRUE(rig.script().began(1));
  rig.stop();
  rig.start();
  gate->open();
  ASSERT_TRUE(rig.wait_said("canceled image:shot-1"));
  EXPECT_EQ(rig.stat("in-flight"), 0u);
  EXPECT_EQ(rig.stat("done"), 0u);
}

TEST(StageFlush, AFlushedPictureStreamKeepsItsCaps) {
  Rig rig;
  rig.set("prompt", "x");
  rig.start();
  rig.open_bytes("image/png");
  rig.push("old half");
  rig.flush();
  GstSegment segment; // caps stay on a flushed pad, so upstream sends none
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  rig.send(gst_event_new_segment(&segment));
  rig.push("new\nwhole");
  rig.eos();
  ASSERT_TRUE(rig.wait_left("eos"));
  const auto jobs = rig.script().seen.lock()->jobs;
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].kind, InputKind::picture);
}

TEST(StageFlush, AFlushedSourceMakesItsShotAgain) {
  Rig rig(Rig::Role::source);
  rig.set("prompt", "a");
  rig.start();
  ASSERT_TRUE(rig.wait_left("eos"));
  rig.forget_left();
  gst_element_send_event(rig.element(), gst_event_new_flush_start());
  gst_element_send_event(rig.element(), gst_event_new_flush_stop(TRUE));
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.sequence(), "flush-start flush-stop caps segment buffer eos");
}

TEST(StageFlush, FlushesWhileGoingDownLeaveNothingRunning) {
  for (int i = 0; i < 50; ++i) {
    Rig rig;
    rig.start();
    rig.open_time();
    rig.push("a");
    std::thread flusher([&] {
      for (int n = 0; n < 20; ++n)
        rig.flush();
    });
    EXPECT_LT(rig.stop(), 1000u);
    flusher.join();
  }
}

TEST(StageEos, AUsersEosEndsTheStreamWhileWorkBlocks) {
  for (bool deaf : {false, true}) {
    for (Phase phase : {Phase::idle, Phase::working, Phase::full}) {
      Phased test(phase, deaf);
      Rig& rig = test.rig;
      rig.start();
      test.enter();
      const auto before = std::chrono::steady_clock::now();
      EXPECT_TRUE(gst_element_send_event(rig.element(), gst_event_new_eos()));
      ASSERT_TRUE(rig.wait_left("eos"));
      EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
      test.join();
      EXPECT_EQ(rig.push("late"), GST_FLOW_EOS);
      EXPECT_LE(rig.script().seen.lock()->words.size(), 1u); // nothing new was begun
      EXPECT_EQ(rig.count_said("error"), 0u);
      for (const auto& item : rig.left())
        if (item.what == "eos") {
          EXPECT_NE(item.thread, std::this_thread::get_id());
        }
    }
  }
}

TEST(StageEos, WhatIsDoneLeavesBeforeAUsersEos) {
  Rig rig;
  Gate gate;
  rig.script().workers = 2;
  rig.script().on_work = [&](const Job& job, Cancel& cancel, auto&) {
    if (job.shot.words() == "block") gate.pass(cancel);
  };
  rig.start();
  rig.open_time();
  rig.push("block");
  rig.push("done");
  ASSERT_TRUE(rig.wait_said("complete image:shot-2"));
  // The result is stored right after its progress; the next shot's begin shows that it is.
  rig.push("block");
  ASSERT_TRUE(rig.script().began(3));
  gst_element_send_event(rig.element(), gst_event_new_eos());
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), Words{"done"});
  EXPECT_TRUE(eventually([&] { return rig.progress_is_paired(); }));
}

TEST(StageEos, AUsersEosReachesTheStagesBehind) {
  register_fake_stage();
  Rig last;
  auto first = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
  auto src = adopt(gst_element_get_static_pad(first.get(), "src"));
  auto sink = adopt(gst_pad_get_peer(last.up()));
  gst_pad_unlink(last.up(), sink.get());
  ASSERT_EQ(gst_pad_link(src.get(), sink.get()), GST_PAD_LINK_OK);
  Gate gate;
  last.script().on_work = [&](const Job&, Cancel& cancel, auto&) { gate.pass(cancel); };
  g_object_set(first.get(), "prompt", "a", nullptr);
  last.start();
  gst_element_set_state(first.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(last.script().began(1));
  EXPECT_TRUE(gst_element_send_event(first.get(), gst_event_new_eos()));
  EXPECT_TRUE(last.wait_left("eos"));
  EXPECT_TRUE(last.wait_left("custom-downstream-oob"));
  last.stop();
  gst_element_set_state(first.get(), GST_STATE_NULL);
  gst_pad_unlink(src.get(), sink.get());
}

TEST(StageEos, UpstreamsEosFinishesTheQueue) {
  Rig rig;
  Gate gate;
  rig.script().workers = 2;
  rig.script().on_work = [&](const Job&, Cancel& cancel, auto&) { gate.pass(cancel); };
  rig.start();
  rig.open_time();
  for (auto word : {"a", "b", "c", "d"})
    rig.push(word);
  rig.eos();
  EXPECT_EQ(rig.texts().size(), 0u);
  gate.open();
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts(), (Words{"a", "b", "c", "d"}));
}
