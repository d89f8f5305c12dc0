// SPDX-License-Identifier: LGPL-2.1-or-later
// Items with a fixed time on the timeline, and what is told of it.
#include "playout/board.h"
#include "stage/live.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr gint64 kNoon = 1'794'657'600 * gint64{G_USEC_PER_SEC}; // 2026-11-14T12:00:00Z
constexpr gint64 kFrame = G_USEC_PER_SEC / 25;

class BoardTest : public testing::Test {
 protected:
  /// An item that is open, of `frames` slots.
  void add(const std::string& id, guint64 frames, const std::string& at = {},
           const std::string& file = {}) {
    add_to(board, id, frames, at, file);
  }
  static void add_to(Board& board, const std::string& id, guint64 frames,
                     const std::string& at = {}, const std::string& file = {}) {
    PlayoutItem item;
    item.id = item.shot.id = id;
    item.uri = "file:///" + (file.empty() ? id : file);
    item.shot.at = at;
    board.rundown.add(item);
    Entry* entry = board.rundown.find(id);
    entry->progress = Progress::open;
    entry->frames = frames;
  }
  std::string play(guint64 slots) {
    std::string text;
    for (guint64 i = 0; i < slots; ++i, ++number)
      text += play_slot(board, number) + " ";
    return text;
  }
  std::string play_slot(Board& board, guint64 number) const {
    const Slot slot = board.slot(Side::video, number, utc + gint64(number) * kFrame);
    board.settle(*slot.span);
    board.slot(Side::audio, number, utc + gint64(number) * kFrame);
    return slot.span->item ? slot.span->item->id : tier_name(slot.span->tier);
  }
  /// From `a` to `bad`, of 10 slots each; the next slot is 8.
  void play_into_fade(Board& board) const {
    board.library = Library(Reair::lru, 0, 0);
    for (const char* id : {"a", "bad"})
      add_to(board, id, 10);
    for (guint64 slot = 0; slot < 8; ++slot)
      play_slot(board, slot);
  }
  std::vector<std::string> told() {
    std::vector<std::string> texts;
    for (const auto& note : board.notes) {
      if (!note.message) continue;
      const char* id = gst_structure_get_string(note.message.get(), "id");
      const char* tier = gst_structure_get_string(note.message.get(), "tier");
      texts.push_back(gst_structure_get_string(note.message.get(), "event") + std::string(" ") +
                      (id ? id : tier));
    }
    return texts;
  }

  DeskSettings settings;
  Board board{settings};
  gint64 utc = kNoon - 3 * kFrame; ///< when slot 0 is due
  guint64 number = 0;
};

TEST_F(BoardTest, AFixedTimeIsKeptToTheFrame) {
  add("long", 100);
  add("news", 2, "2026-11-14T13:00:00+01:00");
  EXPECT_EQ(play(6), "long long long news news slate ");
  const auto ended =
      std::find_if(board.records.begin(), board.records.end(), [](const Record& record) {
        return record.as_run && record.as_run->item.id == "news";
      });
  ASSERT_NE(ended, board.records.end());
  EXPECT_EQ(ended->as_run->start_utc, kNoon);
  EXPECT_EQ(ended->as_run->planned_utc, kNoon);
  EXPECT_EQ(ended->as_run->first_frame, 3u);
}

TEST_F(BoardTest, ALateItemIsNextAndCutsNothingOff) {
  add("a", 3);
  add("b", 2);
  EXPECT_EQ(play(1), "a ");
  add("late", 2, "2026-11-14T11:00:00Z");
  EXPECT_EQ(play(6), "a a late late b b ");
}

TEST_F(BoardTest, OfTwoForTheSameTimeTheSecondFollowsTheFirst) {
  add("long", 100);
  add("news", 3, "2026-11-14T12:00:00Z");
  add("weather", 2, "2026-11-14T12:00:00.040Z");
  add("sport", 2, "2026-11-14T12:00:01.200Z"); // slot 33
  add("film", 100);
  EXPECT_EQ(play(9), "long long long news news news weather weather film ");
  play(24);
  EXPECT_EQ(play(3), "sport sport slate ");
}

TEST_F(BoardTest, HasRoomForTwiceTheHighMarkAndForWhatIsUrgent) {
  settings.high = 10 * GST_SECOND;
  const auto fill = [](Board& board, double seconds, bool urgent) {
    for (size_t i = board.rundown.entries().size(); i < 300 && board.has_room(urgent); ++i) {
      PlayoutItem item;
      item.id = std::to_string(i);
      item.shot.duration = seconds;
      board.rundown.add(item);
    }
    return board.rundown.entries().size();
  };
  Board few(settings), many(settings);
  EXPECT_EQ(fill(few, 100, false), 8u) << "however long";
  EXPECT_EQ(fill(many, 1, false), 20u);
  EXPECT_EQ(fill(many, 1, true), 256u);
}

TEST_F(BoardTest, HasRoomForWhatWasOrderedBeforeLessWasWanted) {
  settings.high = 10 * GST_SECOND;
  Board board(settings);
  for (int i = 0; board.has_room(false); ++i) {
    PlayoutItem item;
    item.id = std::to_string(i);
    item.shot.duration = 5;
    board.rundown.add(item);
  }
  board.on_demand = true;
  EXPECT_TRUE(board.has_room(false)) << "requests stand behind it";
}

TEST_F(BoardTest, KeepsSoManyMessagesForWhoeverIsSlow) {
  for (size_t i = 0; i < Board::kMostNotes + 10; ++i)
    board.note_item("queued", PlayoutItem{.id = std::to_string(i)});
  EXPECT_EQ(board.notes.size(), Board::kMostNotes);
  EXPECT_EQ(told().front(), "queued 10");
  EXPECT_EQ(board.counters.untold, 10u);
  for (size_t i = 0; i < Board::kMostNotes + 10; ++i)
    board.file({});
  EXPECT_EQ(board.records.size(), Board::kMostNotes);
}

TEST_F(BoardTest, NothingIsWantedWhenNobodyTakesIt) {
  board.wanted = {true, false};
  EXPECT_GT(board.wanted_seconds(), 0);
  board.wanted = {false, false};
  EXPECT_EQ(board.wanted_seconds(), 0);
}

TEST_F(BoardTest, NothingIsOpenedWhileNothingCloses) {
  board.wanted = {true, false};
  board.begun = {true, false};
  EXPECT_TRUE(board.may_open());
  board.closing.resize(Board::kMostClosing);
  EXPECT_FALSE(board.may_open());
}

TEST_F(BoardTest, AFillerThatCameTooSlowlyIsNotForgotten) {
  for (const Fault fault : {Fault::timeout, Fault::damaged}) {
    Board board(settings);
    board.library = Library(Reair::lru, 0, 0);
    PlayoutItem item{.id = "a", .uri = "file:///a"};
    board.library.aired(item, 0);
    item.tier = Tier::reair;
    board.reair.open = OpenClip{std::make_shared<PlayoutItem>(item), 9, {}};
    board.slot(Side::video, 0, utc);
    const Slot slot = board.slot(Side::video, 1, utc);
    board.timeline.leave(Side::audio);
    board.fence(Side::video, *slot.span, 1, Error(fault, "stopped", "none"));
    EXPECT_EQ(board.library.size(), fault == Fault::timeout ? 1u : 0u);
  }
}

TEST_F(BoardTest, HoldHoldsFixedTimesToo) {
  add("news", 2, "2026-11-14T12:00:00Z");
  board.timeline.hold(true);
  EXPECT_EQ(play(5), "slate slate slate slate slate ");
  board.timeline.hold(false);
  EXPECT_EQ(play(1), "news ");
}

TEST_F(BoardTest, TellsOfItemsAndOfTheLadder) {
  EXPECT_EQ(play(2), "slate slate ");
  add("a", 1);
  EXPECT_EQ(play(2), "a slate ");
  EXPECT_EQ(told(), (std::vector<std::string>{"enter slate", "leave slate", "started a", "ended a",
                                              "enter slate"}));
  EXPECT_EQ(board.counters.aired, 1u);
  EXPECT_EQ(board.counters.slots[static_cast<size_t>(Tier::slate)], 3u);
}

TEST_F(BoardTest, AClipThatIsBadFromTheStartIsToldAsFailed) {
  EXPECT_EQ(play(2), "slate slate ");
  add("bad", 9);
  const Slot slot = board.slot(Side::video, 2, utc);
  board.fence(Side::video, *slot.span, 2, Error(Fault::damaged, "broken", "none"));
  EXPECT_EQ(play(2), "slate slate ");
  EXPECT_EQ(told(), (std::vector<std::string>{"enter slate", "failed bad"}));
  EXPECT_EQ(board.counters.failed, 1u);
  EXPECT_EQ(board.counters.aired + board.counters.damaged, 0u);
  EXPECT_EQ(board.counters.slots[static_cast<size_t>(Tier::item)], 0u);
  ASSERT_EQ(board.records.size(), 1u);
  EXPECT_FALSE(board.records[0].as_run);
  const auto aired = aired_item(board.records[0].upstream.get());
  EXPECT_EQ(aired->id, "bad");
  EXPECT_FALSE(aired->aired);
}

TEST_F(BoardTest, AFixedTimeIsAReserveWhereTheOthersReachUpToIt) {
  add("news", 50, "2026-11-14T12:00:00Z");
  add("late", 50, "2026-11-14T12:10:00Z");
  EXPECT_EQ(board.ready_air(kNoon - 3 * gint64{G_USEC_PER_SEC}), 0u);
  add("a", 100);
  EXPECT_EQ(board.ready_air(kNoon - 3 * gint64{G_USEC_PER_SEC}), 6 * GST_SECOND);
  EXPECT_EQ(board.ready_air(kNoon - 30 * gint64{G_USEC_PER_SEC}), 4 * GST_SECOND);
}

class LibraryTest : public BoardTest {
 protected:
  LibraryTest() { board.library = Library(Reair::lru, 0, 0); }
};

TEST_F(LibraryTest, WhatWasSkippedDoesNotComeAgain) {
  add("a", 3);
  add("b", 3);
  play(1);
  board.timeline.skip();
  EXPECT_EQ(play(4), "b b b slate ");
  EXPECT_EQ(board.library.pick(GST_SECOND)->id, "b");
  EXPECT_EQ(board.library.size(), 1u);
}

TEST_F(LibraryTest, WhatWasRemovedDoesNotComeAgain) {
  add("a", 3);
  add("b", 3);
  EXPECT_EQ(play(4), "a a a b ");
  EXPECT_TRUE(board.keep_off("a"));
  EXPECT_TRUE(board.keep_off("b")) << "on air";
  EXPECT_EQ(play(3), "b b slate ");
  EXPECT_EQ(board.library.size(), 0u);
  EXPECT_FALSE(board.keep_off("a"));
}

TEST_F(LibraryTest, AClipGoesByTheIdOfAnyItemThatBroughtIt) {
  add("a", 2, {}, "fox");
  add("b", 2, {}, "fox");
  add("c", 2, {}, "fox");
  add("d", 2, {}, "owl");
  EXPECT_EQ(play(9), "a a b b c c d d slate ");
  ASSERT_EQ(board.library.size(), 2u);
  EXPECT_TRUE(board.keep_off("b"));
  EXPECT_EQ(board.library.size(), 1u);
  EXPECT_FALSE(board.keep_off("a"));
  add("e", 2, {}, "owl");
  EXPECT_TRUE(board.keep_off("e")) << "what waits";
  EXPECT_EQ(board.library.size(), 0u);
  EXPECT_EQ(play(1), "e ");
  add("f", 2, {}, "owl");
  EXPECT_TRUE(board.keep_off("f")) << "while another item of that clip is on air";
  board.rundown.remove("f");
  EXPECT_EQ(play(2), "e slate ");
  EXPECT_EQ(board.library.size(), 0u);
}

TEST_F(LibraryTest, WhatWasRemovedStaysAwayHoweverOftenItEnds) {
  settings.rules.fade = 4;
  Board board(settings);
  play_into_fade(board);
  EXPECT_EQ(board.timeline.on_air()->item->id, "bad");
  EXPECT_TRUE(board.keep_off("a")) << "it fades out";
  const Slot slot = board.slot(Side::video, 8, utc);
  board.fence(Side::video, *slot.span, 8, Error(Fault::damaged, "broken", "none"));
  for (guint64 slot = 8; slot < 11; ++slot)
    play_slot(board, slot);
  EXPECT_EQ(board.timeline.on_air()->tier, Tier::slate);
  EXPECT_EQ(board.library.size(), 0u);
}

TEST_F(LibraryTest, ARestThatIsBadTakesItsFirstPartAway) {
  settings.rules.fade = 4;
  Board board(settings);
  play_into_fade(board);
  EXPECT_EQ(board.library.size(), 1u);
  for (guint64 number : {8, 9}) {
    const Slot slot = board.slot(Side::video, number, utc);
    board.fence(Side::video, *slot.span, number, Error(Fault::damaged, "broken", "none"));
    if (number == 8) play_slot(board, number);
  }
  EXPECT_EQ(board.library.size(), 0u);
}

TEST_F(LibraryTest, WhatWasThereBeforeATrialIsRemovedMeanwhile) {
  add("a", 9);
  play(1);
  add("news", 3, "2026-11-14T12:00:00Z"); // slot 3
  EXPECT_EQ(play(2), "a a ");
  board.slot(Side::video, number, utc + gint64(number) * kFrame);
  EXPECT_EQ(board.timeline.on_air()->item->id, "news");
  EXPECT_TRUE(board.keep_off("a"));
  EXPECT_EQ(play(4), "news news news slate ");
  EXPECT_EQ(board.library.size(), 1u);
  EXPECT_EQ(board.library.uri_of("news"), "file:///news");
}

TEST_F(LibraryTest, OtherItemsWithAClipThatWasRemovedStillAir) {
  add("a", 2, {}, "fox");
  add("b", 2, {}, "fox");
  play(1);
  EXPECT_TRUE(board.keep_off("a"));
  EXPECT_EQ(play(4), "a b b slate ");
  EXPECT_EQ(board.library.size(), 0u);
}

TEST_F(BoardTest, WhatCannotComeInIsToldUpstream) {
  PlayoutItem item;
  item.id = "a";
  board.refuse(item, Error(Fault::settings, "no", "none"));
  EXPECT_EQ(told(), std::vector<std::string>{"failed a"});
  ASSERT_EQ(board.records.size(), 1u);
  EXPECT_FALSE(aired_item(board.records[0].upstream.get())->aired);
  add("b", 2);
  item.id = "b";
  board.refuse(item, Error(Fault::settings, "used", "none"));
  EXPECT_EQ(board.records.size(), 1u) << "the first b will be on air";
}

TEST_F(BoardTest, CountsFillerWhileAnItemWasReadyAndNotOpen) {
  add("a", 1);
  board.rundown.find("a")->progress = Progress::ready;
  EXPECT_EQ(play(2), "slate slate ");
  EXPECT_EQ(board.counters.unopened, 2u);
}

} // namespace
