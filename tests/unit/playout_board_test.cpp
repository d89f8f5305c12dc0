// SPDX-License-Identifier: LGPL-2.1-or-later
// Items with a fixed time on the timeline, and what is told of it.
#include "playout/board.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr gint64 kNoon = 1'794'657'600 * gint64{G_USEC_PER_SEC}; // 2026-11-14T12:00:00Z
constexpr gint64 kFrame = G_USEC_PER_SEC / 25;

class BoardTest : public testing::Test {
 protected:
  /// An item that is open, of `frames` slots.
  void add(const std::string& id, guint64 frames, const std::string& at = {}) {
    PlayoutItem item;
    item.id = item.shot.id = id;
    item.uri = "file:///" + id;
    item.shot.at = at;
    board.rundown.add(item);
    Entry* entry = board.rundown.find(id);
    entry->progress = Progress::open;
    entry->frames = frames;
  }
  std::string play(guint64 slots) {
    std::string text;
    for (guint64 i = 0; i < slots; ++i, ++number) {
      const Slot slot = board.slot(Side::video, number, utc + gint64(number) * kFrame);
      board.slot(Side::audio, number, utc + gint64(number) * kFrame);
      text += (slot.span->item ? slot.span->item->id : tier_name(slot.span->tier)) + " ";
    }
    return text;
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

TEST_F(BoardTest, CountsFillerWhileAnItemWasReadyAndNotOpen) {
  add("a", 1);
  board.rundown.find("a")->progress = Progress::ready;
  EXPECT_EQ(play(2), "slate slate ");
  EXPECT_EQ(board.counters.unopened, 2u);
}

} // namespace
