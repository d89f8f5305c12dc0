// SPDX-License-Identifier: LGPL-2.1-or-later
// Stage in a live channel: shots that are cancelled on their way, demand, supply, and shots that
// are left out.
#include "stage/live.h"
#include "stage_rig.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

Shot shot_named(const std::string& id, double seconds = 0) {
  Shot shot;
  shot.id = id;
  shot.script = id;
  shot.duration = seconds;
  return shot;
}

/// The stage runs, and takes shots.
void open(Rig& rig) {
  rig.start();
  rig.open_time();
}

void push(Rig& rig, const Words& ids) {
  for (const auto& id : ids)
    EXPECT_EQ(rig.push_shot(shot_named(id)), GST_FLOW_OK);
}

/// All that came leaves.
bool ends(Rig& rig) {
  rig.eos();
  return rig.wait_left("eos");
}

void cancel(Rig& rig, const std::string& id) {
  EXPECT_TRUE(rig.send(cancel_event(id).leak()));
}

void demand(Rig& rig, double seconds) {
  EXPECT_TRUE(gst_pad_push_event(rig.down(), demand_event(seconds).leak()));
}

/// The demands that upstream heard.
std::vector<double> demands(Rig& rig) {
  std::vector<double> all;
  for (const auto& event : rig.heard())
    if (const auto seconds = demanded_seconds(event.get())) all.push_back(*seconds);
  return all;
}

SupplyFacts supply(Rig& rig) {
  auto query = supply_query();
  EXPECT_TRUE(gst_pad_peer_query(rig.down(), query.get()));
  return supply_facts(query.get());
}

/// Work that waits at a gate for the shots of that name.
std::function<void(const Job&, Cancel&, const Script::Progress&)> hold_at(Gate& gate,
                                                                          const std::string& id) {
  return [&gate, id](const Job& job, Cancel& cancel, auto&) {
    if (job.shot.id == id) gate.pass(cancel);
  };
}

/// Another stage between the rig's and the pad behind it.
class SecondStage {
 public:
  explicit SecondStage(Rig& rig) : rig_(rig) {
    element_ = adopt(GST_ELEMENT(gst_object_ref_sink(make_fake_stage())));
    sink_ = adopt(gst_element_request_pad_simple(element_.get(), "sink"));
    rig.unlink_down();
    link("src", rig.element(), sink_.get());
    link("src", element_.get(), rig.down());
  }
  ~SecondStage() {
    rig_.stop();
    gst_element_set_state(element_.get(), GST_STATE_NULL);
    gst_element_release_request_pad(element_.get(), sink_.get());
    auto src = adopt(gst_element_get_static_pad(element_.get(), "src"));
    gst_pad_unlink(src.get(), rig_.down());
    auto first = adopt(gst_element_get_static_pad(rig_.element(), "src"));
    gst_pad_link(first.get(), rig_.down()); // as the rig left it
  }
  Script& script() { return *script_of(element_.get()); }
  void start() {
    gst_pad_set_active(rig_.down(), TRUE);
    gst_element_set_state(element_.get(), GST_STATE_PLAYING);
  }

 private:
  static void link(const char* name, GstElement* element, GstPad* to) {
    auto src = adopt(gst_element_get_static_pad(element, name));
    EXPECT_EQ(gst_pad_link(src.get(), to), GST_PAD_LINK_OK);
  }
  Rig& rig_;
  Ref<GstElement> element_;
  Ref<GstPad> sink_;
};

} // namespace

// --- cancel --------------------------------------------------------------------------------------

TEST(StageCancel, AShotThatWaitsIsNeverBegun) {
  Rig rig;
  Gate gate;
  rig.script().on_work = hold_at(gate, "a");
  open(rig);
  push(rig, {"a", "b"});
  ASSERT_TRUE(rig.script().began(1));
  cancel(rig, "b");
  gate.open();
  push(rig, {"c"});
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), (Words{"a", "c"}));
  EXPECT_EQ(rig.count_said("start image:b"), 0u);
  EXPECT_TRUE(rig.progress_is_paired());
}

TEST(StageCancel, AShotAtWorkEndsCanceledAndTheOthersGoOn) {
  Rig rig;
  Gate a, b;
  rig.script().workers = 2;
  rig.script().on_work = [&](const Job& job, Cancel& cancel, auto&) {
    (job.shot.id == "a" ? a : b).pass(cancel);
  };
  open(rig);
  push(rig, {"a", "b"});
  ASSERT_TRUE(rig.script().began(2));
  cancel(rig, "a");
  ASSERT_TRUE(rig.wait_said("canceled image:a"));
  b.open(); // leaves, though the one before it has not
  ASSERT_TRUE(rig.wait_left("buffer"));
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), Words{"b"});
  EXPECT_TRUE(rig.progress_is_paired());
  EXPECT_EQ(rig.count_said("canceled image:a"), 1u);
  EXPECT_EQ(rig.count_said("warning") + rig.count_said("error"), 0u);
  EXPECT_EQ(rig.count_said("aigc/shot-failed"), 0u);
  EXPECT_EQ(rig.stat("failed"), 0u);
  EXPECT_EQ(rig.stat("in-flight"), 0u);
}

TEST(StageCancel, WhatAServiceMakesNeverthelessDoesNotLeave) {
  Rig rig;
  Gate gate;
  rig.script().on_work = [&](const Job& job, Cancel&, auto&) {
    if (job.shot.id == "a") gate.pass_deaf();
  };
  open(rig);
  push(rig, {"a"});
  ASSERT_TRUE(rig.script().began(1));
  cancel(rig, "a");
  gate.open();
  push(rig, {"b"});
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), Words{"b"});
  EXPECT_EQ(rig.count_said("canceled image:a"), 1u);
  EXPECT_TRUE(rig.progress_is_paired());
}

TEST(StageCancel, AShotThatIsDoneDoesNotLeave) {
  Rig rig;
  Gate gate;
  rig.script().workers = 2;
  rig.script().on_work = hold_at(gate, "a");
  open(rig);
  push(rig, {"a", "b"});
  ASSERT_TRUE(rig.wait_said("complete image:b"));
  cancel(rig, "b");
  gate.open();
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), Words{"a"});
  EXPECT_TRUE(rig.progress_is_paired());
}

TEST(StageCancel, AShotThatComesAfterItsCancelIsForgotten) {
  Rig rig;
  open(rig);
  cancel(rig, "b");
  for (const char* id : {"a", "b", "c"})
    EXPECT_EQ(rig.push_shot(shot_named(id)), GST_FLOW_OK);
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), (Words{"a", "c"}));
  EXPECT_EQ(rig.script().seen.lock()->words, (Words{"a", "c"}));
}

TEST(StageCancel, TheEventPassesOnAndOvertakesWhatWaits) {
  Rig rig;
  Gate gate;
  rig.script().on_work = hold_at(gate, "a");
  open(rig);
  push(rig, {"a"});
  ASSERT_TRUE(rig.script().began(1));
  cancel(rig, "x");
  ASSERT_TRUE(rig.wait_left("custom-downstream-oob"));
  EXPECT_EQ(rig.left().back().text, "aigc-cancel");
  gate.open();
}

TEST(StageCancel, TheEventIsSaidAgainWhereItOvertookItsShot) {
  Rig rig;
  open(rig);
  rig.hold();
  push(rig, {"a"});
  ASSERT_TRUE(rig.wait_held());
  cancel(rig, "a");
  ASSERT_TRUE(rig.wait_left("custom-downstream-oob"));
  rig.release();
  ASSERT_TRUE(rig.wait_left("custom-downstream-oob", 2));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment custom-downstream-oob buffer "
                            "custom-downstream-oob");
}

TEST(StageCancel, AShotOnItsWayBetweenTwoStagesIsFoundByTheSecond) {
  Rig rig;
  SecondStage second(rig);
  Gate gate;
  second.script().on_work = hold_at(gate, "a");
  second.start();
  open(rig);
  push(rig, {"a", "b", "c"}); // the second takes two, so "c" waits in between
  ASSERT_TRUE(second.script().began(1));
  ASSERT_TRUE(rig.wait_said("complete image:c"));
  ASSERT_TRUE(eventually([&] { return supply(rig).in_flight == 3; }));
  cancel(rig, "c");
  gate.open();
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts(), (Words{"a", "b"}));
}

TEST(StageCancel, AStageWithoutASinkHearsItFromTheApplication) {
  Rig rig(Rig::Role::source);
  Gate gate;
  rig.set("prompt", "x");
  rig.script().on_work = hold_at(gate, "shot-1");
  rig.start();
  ASSERT_TRUE(rig.script().began(1));
  EXPECT_TRUE(gst_element_send_event(rig.element(), cancel_event("shot-1").leak()));
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_TRUE(rig.texts().empty());
  EXPECT_TRUE(rig.progress_is_paired());
}

// --- demand --------------------------------------------------------------------------------------

TEST(StageDemand, NothingIsBegunBeyondIt) {
  Rig rig;
  Gate gate;
  rig.script().workers = 4;
  rig.script().on_work = [&](const Job&, Cancel& cancel, auto&) { gate.pass(cancel); };
  rig.set("order", "ready");
  open(rig);
  demand(rig, 0);
  rig.push_shot(shot_named("a", 3));
  rig.push_shot(shot_named("b", 3));
  rig.push_shot(shot_named("c", 3));
  Shot asked = shot_named("asked", 3);
  asked.request = 1;
  rig.push_shot(asked);
  ASSERT_TRUE(rig.script().began(1));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(rig.script().seen.lock()->words, Words{"asked"});
  demand(rig, 8); // 3 s are under way: two more exceed it
  ASSERT_TRUE(rig.script().began(3));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(rig.script().seen.lock()->words.size(), 3u);
  gate.open();
  rig.eos();
  demand(rig, 100);
  ASSERT_TRUE(rig.wait_left("eos"));
  EXPECT_EQ(rig.texts().size(), 4u);
}

TEST(StageDemand, UpstreamHearsWhatIsNotInside) {
  Rig rig;
  open(rig);
  demand(rig, 0);
  rig.push_shot(shot_named("a", 3));
  rig.push_shot(shot_named("b")); // 5 s where nobody says how long
  demand(rig, 7);
  demand(rig, 10);
  EXPECT_EQ(demands(rig).at(0), 0);
  EXPECT_EQ(demands(rig).at(1), 0);
  // By now the first may have left, which upstream is not told of before the next demand.
  EXPECT_GE(demands(rig).at(2), 2);
}

TEST(StageDemand, HoldsAfterAFlush) {
  Rig rig;
  open(rig);
  demand(rig, 0);
  rig.flush();
  rig.open_time();
  push(rig, {"a"});
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(rig.script().seen.lock()->words.size(), 0u);
  demand(rig, 1);
  ASSERT_TRUE(rig.wait_left("buffer"));
}

TEST(StageDemand, AFilmThatHearsNoneIsMadeAsBefore) {
  Rig rig;
  open(rig);
  for (int i = 0; i < 20; ++i)
    rig.push_shot(shot_named(std::to_string(i), 60));
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.texts().size(), 20u);
}

TEST(StageDemand, WhereItIsHeardARequestOvertakesTheList) {
  for (const bool is_live : {true, false}) {
    Rig rig;
    Gate gate;
    rig.script().workers = 2;
    rig.script().on_work = hold_at(gate, "a");
    open(rig);
    if (is_live) demand(rig, 100);
    push(rig, {"a"});
    Shot asked = shot_named("asked");
    asked.request = 1;
    rig.push_shot(asked);
    ASSERT_TRUE(rig.wait_said("complete image:asked"));
    if (is_live) {
      ASSERT_TRUE(rig.wait_left("buffer")); // while the other is at work
    }
    gate.open();
    ASSERT_TRUE(ends(rig));
    EXPECT_EQ(rig.texts(), is_live ? (Words{"asked", "a"}) : (Words{"a", "asked"}));
  }
}

TEST(StageDemand, IsHeardWhileDownstreamIsBusy) {
  Rig rig;
  open(rig);
  rig.hold();
  rig.push_shot(shot_named("a", 3));
  ASSERT_TRUE(rig.wait_held());
  demand(rig, 10);
  EXPECT_EQ(demands(rig), std::vector<double>{7}); // what is being handed over is not there yet
  rig.release();
  ASSERT_TRUE(rig.wait_left("buffer"));
}

// --- supply --------------------------------------------------------------------------------------

TEST(StageSupply, IsPutTogetherFromAllStages) {
  Rig rig;
  SecondStage second(rig);
  rig.set("on-error", "skip");
  rig.script().workers = 3;
  rig.script().on_work = [](const Job& job, Cancel& cancel, auto&) {
    cancel.sleep(5ms);
    if (job.shot.id == "a") throw Error(Fault::read, "broken");
  };
  second.script().workers = 2;
  second.script().makes_clips = true;
  second.script().on_work = [](const Job&, Cancel& cancel, auto&) { cancel.sleep(20ms); };
  second.start();
  rig.start();
  const SupplyFacts before = supply(rig);
  EXPECT_EQ(before.at_once, 2u);
  EXPECT_EQ(before.clip_seconds, 0);
  EXPECT_EQ(before.success, 1);
  rig.open_time();
  for (const char* id : {"a", "b", "c", "d"})
    rig.push_shot(shot_named(id, *id == 'b' ? 3 : 6));
  ASSERT_TRUE(ends(rig));
  const SupplyFacts after = supply(rig);
  EXPECT_EQ(after.at_once, 2u);
  EXPECT_DOUBLE_EQ(after.clip_seconds, 5);
  EXPECT_DOUBLE_EQ(after.success, 0.75);
  EXPECT_GE(after.latency, 0.020);
  EXPECT_LT(after.latency, 2);
  EXPECT_GE(after.latency_p99, after.latency + 0.005);
  EXPECT_EQ(after.in_flight, 0u);
  EXPECT_FALSE(after.resting);
  rig.script().resting = true;
  EXPECT_TRUE(supply(rig).resting);
}

TEST(StageSupply, CountsShotsInAllPhases) {
  Rig rig;
  Gate gate;
  rig.script().on_work = hold_at(gate, "a");
  open(rig);
  push(rig, {"a", "b"});
  EXPECT_EQ(supply(rig).in_flight, 2u);
  EXPECT_EQ(supply(rig).at_once, 0u); // no clips come from here
  gate.open();
}

// --- what is left out ----------------------------------------------------------------------------

TEST(StageSkip, UpstreamHearsThatTheShotNeverAirs) {
  Rig rig;
  rig.set("on-error", "skip");
  rig.set("order", "ready");
  rig.script().on_work = [](const Job& job, Cancel&, auto&) {
    if (job.shot.id == "bad") throw Error(Fault::read, "broken");
  };
  open(rig);
  for (const char* id : {"a", "bad", "c"})
    rig.push_shot(shot_named(id, 2));
  ASSERT_TRUE(ends(rig));
  EXPECT_EQ(rig.sequence(), "stream-start caps segment buffer gap buffer eos");
  EXPECT_EQ(rig.count_said("aigc/shot-failed"), 1u);
  EXPECT_EQ(rig.count_said("warning"), 1u);
  EXPECT_EQ(rig.count_said("error"), 0u);
  const auto heard = rig.heard();
  ASSERT_EQ(heard.size(), 1u);
  const auto item = aired_item(heard[0].get());
  ASSERT_TRUE(item);
  EXPECT_EQ(item->id, "bad");
  EXPECT_FALSE(item->aired);
}

/// Plays "a", "bad" and "c" with on-error=fail; `fault` is that of "bad".
static void play_a_bad_shot(Rig& rig, Fault fault, bool is_live) {
  rig.script().on_work = [fault](const Job& job, Cancel&, auto&) {
    if (job.shot.id == "bad") throw Error(fault, "broken");
  };
  open(rig);
  if (is_live) demand(rig, 100);
  for (const char* id : {"a", "bad", "c"})
    rig.push_shot(shot_named(id, 2));
  ASSERT_TRUE(ends(rig));
}

TEST(StageFail, AChannelOutlivesAShotAndAFilmDoesNot) {
  for (const Fault fault : {Fault::read, Fault::moderation, Fault::settings}) {
    Rig channel, film;
    play_a_bad_shot(channel, fault, true);
    EXPECT_EQ(channel.texts(), (Words{"a", "c"}));
    EXPECT_EQ(channel.count_said("error"), 0u);
    EXPECT_EQ(channel.count_said("warning"), 1u);
    play_a_bad_shot(film, fault, false);
    EXPECT_EQ(film.count_said("error"), 1u);
  }
}

TEST(StageFail, WhatCanNeverWorkIsAnErrorInAChannelToo) {
  Rig rig;
  rig.script().on_work = [](const Job&, Cancel&, auto&) {
    throw Error(Fault::settings, "there is no such model");
  };
  open(rig);
  demand(rig, 100);
  rig.push_shot(shot_named("a")); // which may hear of the error already
  ASSERT_TRUE(rig.wait_said("error"));
}

TEST(StageSkip, WhatAiredPassesUpstream) {
  Rig rig;
  rig.start();
  EXPECT_TRUE(gst_pad_push_event(rig.down(), aired_event("a", true).leak()));
  ASSERT_EQ(rig.heard().size(), 1u);
  EXPECT_TRUE(aired_item(rig.heard()[0].get())->aired);
}
