// SPDX-License-Identifier: LGPL-2.1-or-later
// What each slot shows: items, the filler ladder, cuts, crossfades and fences.
#include "playout/timeline.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

/// Clips without readers, in the order they were put in.
class Shelf : public Offers {
 public:
  void add(const std::string& id, guint64 frames, Tier tier = Tier::item) {
    auto item = std::make_shared<PlayoutItem>();
    item->id = id;
    item->tier = tier;
    (tier == Tier::item ? items : fillers).push_back({item, frames, {}});
  }

  guint64 item_frames(gint64) override { return items.empty() ? 0 : items.front().frames; }
  bool is_punctual(gint64) override { return punctual; }
  OpenClip take_item(gint64) override {
    punctual = false;
    return take(items);
  }
  std::optional<OpenClip> take_filler() override {
    if (fillers.empty()) return std::nullopt;
    return take(fillers);
  }

  std::deque<OpenClip> items, fillers;
  bool punctual = false;

 private:
  static OpenClip take(std::deque<OpenClip>& from) {
    OpenClip clip = std::move(from.front());
    from.pop_front();
    return clip;
  }
};

class TimelineTest : public testing::Test {
 protected:
  void start(Timeline::Rules rules) { timeline.emplace(rules, shelf); }

  std::string name(const Slot& slot) {
    if (slot.ended) return "-";
    if (!slot.span) return "?";
    return slot.span->item ? slot.span->item->id : tier_name(slot.span->tier);
  }
  /// What both sides see in the next `count` slots, such as "slate*2 a*3 ".
  std::string play(guint64 count) {
    std::string text, now;
    guint64 run = 0;
    const auto flush = [&] {
      if (run > 0) text += now + "*" + std::to_string(run) + " ";
      run = 0;
    };
    for (guint64 i = 0; i < count; ++i, ++number) {
      const std::string seen = name(timeline->slot(Side::video, number, 0));
      EXPECT_EQ(seen, name(timeline->slot(Side::audio, number, 0))) << number;
      if (seen != now) flush();
      now = seen;
      ++run;
    }
    flush();
    return text;
  }

  /// What it told so far.
  std::string told() {
    for (const auto& change : timeline->take_changes()) {
      static constexpr const char* kinds[] = {"begins ", "ends ", "fails "};
      const bool begins = change.kind == Timeline::Change::Kind::begins;
      text += kinds[static_cast<size_t>(change.kind)] + name({.span = change.span}) +
              (begins ? "" : " " + std::to_string(change.frames)) + ", ";
    }
    return text;
  }

  Shelf shelf;
  std::string text; ///< of told()
  std::optional<Timeline> timeline;
  guint64 number = 0;
};

TEST_F(TimelineTest, ItemsFollowEachOtherWithoutASlotBetween) {
  start({});
  shelf.add("a", 3);
  shelf.add("b", 2);
  EXPECT_EQ(play(6), "a*3 b*2 slate*1 ");
}

TEST_F(TimelineTest, TheLadderHasFourRungs) {
  start({.repeat_max = 2});
  EXPECT_EQ(play(2), "slate*2 ") << "nothing to repeat yet";
  shelf.add("a", 2);
  EXPECT_EQ(play(5), "a*2 repeat*2 slate*1 ");
  shelf.add("old", 3, Tier::reair);
  EXPECT_EQ(play(7), "old*3 repeat*2 slate*2 ") << "the slate is left at once";
  shelf.add("b", 1);
  shelf.add("old2", 1, Tier::reair);
  shelf.add("file", 2, Tier::filler);
  EXPECT_EQ(play(7), "b*1 repeat*2 old2*1 file*2 repeat*1 ");
}

TEST_F(TimelineTest, AnItemFollowsTheSlotAfterItIsReady) {
  start({.repeat_max = 5});
  shelf.add("a", 1);
  EXPECT_EQ(play(2), "a*1 repeat*1 ");
  shelf.add("b", 1);
  EXPECT_EQ(play(1), "b*1 ");
}

TEST_F(TimelineTest, AFillerPlaysToItsEnd) {
  start({});
  shelf.add("file", 4, Tier::filler);
  EXPECT_EQ(play(1), "file*1 ");
  shelf.add("a", 1);
  EXPECT_EQ(play(4), "file*3 a*1 ");
}

TEST_F(TimelineTest, OrIsCutOff) {
  start({.immediate = true});
  shelf.add("file", 4, Tier::filler);
  EXPECT_EQ(play(1), "file*1 ");
  shelf.add("a", 2);
  shelf.add("b", 1);
  EXPECT_EQ(play(3), "a*2 b*1 ") << "items are never cut off by items";
}

TEST_F(TimelineTest, AFixedTimeCutsOffWhatPlays) {
  start({});
  shelf.add("a", 9);
  EXPECT_EQ(play(2), "a*2 ");
  shelf.add("news", 2);
  shelf.punctual = true;
  EXPECT_EQ(play(3), "news*2 slate*1 ");
  const auto changes = timeline->take_changes();
  EXPECT_EQ(changes[1].frames, 2u);
  EXPECT_EQ(changes[1].span->state.reason, EndReason::cut);
}

TEST_F(TimelineTest, SkipAndHold) {
  start({.repeat_max = 1});
  shelf.add("a", 9);
  shelf.add("b", 2);
  shelf.add("c", 2);
  EXPECT_EQ(play(2), "a*2 ");
  timeline->skip();
  EXPECT_EQ(play(1), "b*1 ");
  timeline->hold(true);
  EXPECT_EQ(play(4), "b*1 repeat*1 slate*2 ");
  timeline->skip(); // nothing to skip, and nothing is kept of it
  timeline->hold(false);
  EXPECT_EQ(play(2), "c*2 ");
}

TEST_F(TimelineTest, ACrossfadeBeginsBeforeTheEnd) {
  start({.fade = 2});
  shelf.add("a", 6);
  shelf.add("b", 6);
  shelf.add("short", 3);
  EXPECT_EQ(play(5), "a*4 b*1 ");
  const Slot slot = timeline->slot(Side::video, 5, 0);
  EXPECT_EQ(slot.span->from, 0u) << "where a began";
  EXPECT_EQ(slot.span->fade, 2u);
  EXPECT_EQ(play(7), "b*5 short*2 ") << "too short to be mixed";
}

TEST_F(TimelineTest, NothingIsMixedWhenNothingIsReady) {
  start({.fade = 2});
  shelf.add("a", 6);
  EXPECT_EQ(play(7), "a*6 slate*1 ");
}

TEST_F(TimelineTest, ADeadClipEndsWhereNeitherSideHasPlayedIt) {
  start({});
  shelf.add("bad", 9);
  shelf.add("good", 2);
  EXPECT_EQ(play(2), "bad*2 ");
  Slot video = timeline->slot(Side::video, 2, 0);
  timeline->fence(Side::video, *video.span, 2, "broken");
  EXPECT_EQ(name(timeline->slot(Side::video, 2, 0)), "good") << "the slot itself is free";
  EXPECT_EQ(play(2), "good*2 ");
}

TEST_F(TimelineTest, ADeadClipKeepsTheSlotThatWasHeard) {
  start({});
  shelf.add("bad", 9);
  shelf.add("good", 2);
  EXPECT_EQ(play(2), "bad*2 ");
  EXPECT_EQ(name(timeline->slot(Side::audio, 2, 0)), "bad");
  EXPECT_EQ(name(timeline->slot(Side::audio, 3, 0)), "bad");
  Slot video = timeline->slot(Side::video, 2, 0);
  timeline->fence(Side::video, *video.span, 2, "broken");
  EXPECT_EQ(play(4), "bad*2 good*2 ");
  EXPECT_EQ(number, 6u);
}

TEST_F(TimelineTest, AClipThatIsBadFromTheStartNeverWasOnAir) {
  start({.repeat_max = 4});
  shelf.add("a", 2);
  EXPECT_EQ(play(3), "a*2 repeat*1 ");
  shelf.add("bad", 9);
  EXPECT_EQ(name(timeline->slot(Side::audio, 3, 0)), "bad") << "its sound was heard already";
  for (const char* id : {"worse", "good"}) {
    Slot video = timeline->slot(Side::video, 3, 0);
    shelf.add(id, 2);
    timeline->fence(Side::video, *video.span, 3, "broken");
  }
  EXPECT_EQ(play(3), "good*2 repeat*1 ") << "at the very slot";
  EXPECT_EQ(told(), "begins a, ends a 2, begins repeat, fails bad 0, fails worse 0, ends repeat 1, "
                    "begins good, ends good 2, begins repeat, ");
}

TEST_F(TimelineTest, WhatIsReplacedIsNotOverBeforeTheNextIsOnAir) {
  start({});
  EXPECT_EQ(play(2), "slate*2 ");
  shelf.add("bad", 9);
  Slot video = timeline->slot(Side::video, 2, 0);
  EXPECT_EQ(told(), "begins slate, ");
  timeline->fence(Side::video, *video.span, 2, "broken");
  EXPECT_EQ(play(2), "slate*2 ");
  shelf.add("good", 2);
  video = timeline->slot(Side::video, 4, 0);
  timeline->settle(*video.span);
  EXPECT_EQ(told(), "begins slate, fails bad 0, ends slate 4, begins good, ");
}

TEST_F(TimelineTest, AHealthyClipIsNotFadedOutForABadOne) {
  start({.fade = 3});
  shelf.add("a", 8);
  shelf.add("bad", 8);
  EXPECT_EQ(play(5), "a*5 ");
  EXPECT_EQ(name(timeline->slot(Side::audio, 5, 0)), "bad");
  Slot video = timeline->slot(Side::video, 5, 0);
  timeline->fence(Side::video, *video.span, 5, "broken");
  EXPECT_EQ(play(4), "a*3 slate*1 ");
  EXPECT_EQ(told(), "begins a, fails bad 0, ends a 8, begins slate, ");
}

TEST_F(TimelineTest, AHealthyClipIsNotCutOffByABadOne) {
  start({.fade = 2});
  shelf.add("a", 8);
  EXPECT_EQ(play(4), "a*4 ");
  for (const char* id : {"bad", "worse"}) {
    shelf.add(id, 8);
    shelf.punctual = true;
    Slot video = timeline->slot(Side::video, 4, 0);
    EXPECT_EQ(name(video), id);
    EXPECT_EQ(video.span->fade, 0u);
    timeline->fence(Side::video, *video.span, 4, "broken");
  }
  EXPECT_EQ(play(1), "a*1 ");
  shelf.add("news", 2);
  shelf.punctual = true;
  EXPECT_EQ(play(3), "news*2 slate*1 ");
  EXPECT_EQ(told(), "begins a, fails bad 0, fails worse 0, ends a 5, begins news, ends news 2, "
                    "begins slate, ");
}

TEST_F(TimelineTest, AFillerIsNotCutOffByABadOne) {
  start({.immediate = true});
  shelf.add("file", 4, Tier::filler);
  EXPECT_EQ(play(1), "file*1 ");
  shelf.add("bad", 2);
  Slot video = timeline->slot(Side::video, 1, 0);
  timeline->fence(Side::video, *video.span, 1, "broken");
  EXPECT_EQ(play(3), "file*3 ");
}

TEST_F(TimelineTest, WhatIsFadedOutOfComesBackWhenTheOtherTurnsBadMeanwhile) {
  start({.fade = 3});
  shelf.add("a", 8);
  shelf.add("bad", 8);
  EXPECT_EQ(play(6), "a*5 bad*1 ");
  Slot video = timeline->slot(Side::video, 6, 0);
  shelf.add("good", 8);
  timeline->fence(Side::video, *video.span, 6, "broken");
  video = timeline->slot(Side::video, 6, 0);
  EXPECT_EQ(video.span->played, 6u) << "where it would be by now";
  EXPECT_EQ(play(4), "a*2 good*2 ");
  EXPECT_EQ(told(),
            "begins a, ends a 5, begins bad, ends bad 1, begins a, ends a 2, begins good, ");
}

TEST_F(TimelineTest, ABlockedSideLosesItsReadersAndCatchesUp) {
  start({});
  for (int i = 0; i < 100; ++i)
    shelf.add("c" + std::to_string(i), 2);
  EXPECT_EQ(play(1), "c0*1 ");
  for (guint64 slot = 1; slot < 150; ++slot)
    timeline->slot(Side::video, slot, 0);
  EXPECT_FALSE(timeline->slot(Side::audio, 1, 0).span) << "long gone";
  EXPECT_EQ(name(timeline->slot(Side::audio, 149, 0)), "c74");
  number = 150;
  EXPECT_EQ(play(2), "c75*2 ");
}

TEST_F(TimelineTest, BothSidesEndAtTheSameSlot) {
  start({});
  shelf.add("a", 9);
  EXPECT_EQ(play(2), "a*2 ");
  timeline->slot(Side::video, 2, 0);
  timeline->finish();
  EXPECT_EQ(play(2), "a*1 -*1 ");
  const auto changes = timeline->take_changes();
  EXPECT_EQ(changes.back().span->state.reason, EndReason::stopped);
  EXPECT_EQ(changes.back().frames, 3u);
}

} // namespace
