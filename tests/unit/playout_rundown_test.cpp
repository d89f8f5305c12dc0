// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which items go on air.
#include "playout/rundown.h"
#include "playout/wall_clock.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr gint64 kSecond = G_USEC_PER_SEC;
constexpr gint64 kNoon = 1'800'000'000 * kSecond;

std::string iso(gint64 utc) {
  auto moment = adopt(g_date_time_new_from_unix_utc(utc / kSecond));
  return take_string(g_date_time_format(moment.get(), "%Y-%m-%dT%H:%M:%SZ"));
}

PlayoutItem item(const std::string& id, gint64 request = 0, const std::string& at = {}) {
  PlayoutItem item;
  item.id = item.shot.id = id;
  item.shot.request = request;
  item.shot.at = at;
  return item;
}

void open(Rundown& rundown, const std::string& id) {
  rundown.find(id)->progress = Progress::open;
  rundown.find(id)->frames = 10;
}

std::string order(const Rundown& rundown) {
  std::string ids;
  for (const auto& entry : rundown.entries())
    ids += entry->item->id + " ";
  return ids;
}

std::string next(Rundown& rundown, gint64 utc) {
  const Entry* entry = rundown.next(utc);
  return entry ? entry->item->id : "";
}

TEST(Rundown, RequestsGoBeforeTheListByNumber) {
  Rundown rundown;
  for (const auto& [id, request] : {std::pair("a", 0), {"r2", 2}, {"b", 0}, {"r1", 1}, {"r3", 3}})
    rundown.add(item(id, request));
  EXPECT_EQ(order(rundown), "r1 r2 r3 a b ");
}

TEST(Rundown, OnlyWhatIsOpenGoesOnAir) {
  Rundown rundown;
  rundown.add(item("a"));
  rundown.add(item("b"));
  EXPECT_EQ(next(rundown, kNoon), "");
  open(rundown, "b");
  EXPECT_EQ(next(rundown, kNoon), "b");
  open(rundown, "a");
  EXPECT_EQ(next(rundown, kNoon), "a");
}

TEST(Rundown, AFixedTimeIsPassedOverUntilItIsDueAndThenComesFirst) {
  Rundown rundown;
  rundown.add(item("late", 0, iso(kNoon + 20 * kSecond)));
  rundown.add(item("fixed", 0, iso(kNoon)));
  rundown.add(item("r", 1));
  for (const char* id : {"late", "fixed", "r"})
    open(rundown, id);
  EXPECT_EQ(next(rundown, kNoon - 1), "r");
  EXPECT_EQ(rundown.punctual(kNoon - 1), nullptr);
  EXPECT_EQ(next(rundown, kNoon), "fixed");
  ASSERT_TRUE(rundown.punctual(kNoon));
  EXPECT_EQ(rundown.punctual(kNoon)->item->id, "fixed");
  // Too late to cut anything off, it is still the first.
  EXPECT_EQ(rundown.punctual(kNoon + 2 * kSecond), nullptr);
  EXPECT_EQ(next(rundown, kNoon + 30 * kSecond), "fixed");
}

TEST(Rundown, UpcomingHasThoseWithAFixedTimeSoon) {
  Rundown rundown;
  rundown.add(item("fixed", 0, iso(kNoon)));
  for (const char* id : {"a", "b", "c"})
    rundown.add(item(id));
  for (const char* id : {"fixed", "a", "b", "c"})
    rundown.find(id)->progress = Progress::ready;
  const auto ids = [&](gint64 utc) {
    std::string text;
    for (const Entry* entry : rundown.upcoming(2, utc, 10 * kSecond))
      text += entry->item->id + " ";
    return text;
  };
  EXPECT_EQ(ids(kNoon - 60 * kSecond), "a b ");
  EXPECT_EQ(ids(kNoon - 10 * kSecond), "fixed a b ");
}

TEST(Rundown, MovesAndRemoves) {
  Rundown rundown;
  for (const char* id : {"a", "b", "c"})
    rundown.add(item(id));
  EXPECT_TRUE(rundown.move("c", 0));
  EXPECT_EQ(order(rundown), "c a b ");
  EXPECT_TRUE(rundown.move("c", 99));
  EXPECT_EQ(order(rundown), "a b c ");
  EXPECT_FALSE(rundown.move("x", 0));
  EXPECT_TRUE(rundown.remove("b"));
  EXPECT_FALSE(rundown.remove("b"));
  EXPECT_EQ(order(rundown), "a c ");
}

TEST(Rundown, AnIdIsUsedOnce) {
  Rundown rundown;
  rundown.add(item("a"));
  rundown.remove("a");
  EXPECT_THROW(rundown.add(item("a")), Error);
  PlayoutItem file;
  file.id = "clip.mp4"; // no shot: the same file may come again
  EXPECT_EQ(rundown.add(file).item->id, "clip.mp4");
  EXPECT_EQ(rundown.add(file).item->id, "clip.mp4-2");
  EXPECT_EQ(rundown.add(file).item->id, "clip.mp4-3");
}

TEST(Rundown, RemembersSoManyIds) {
  Rundown rundown;
  rundown.add(item("waits"));
  for (size_t i = 0; i <= Rundown::kMostIds; ++i) {
    rundown.add(item(std::to_string(i)));
    rundown.remove(std::to_string(i));
  }
  EXPECT_THROW(rundown.add(item("waits")), Error) << "as long as it is there";
  EXPECT_THROW(rundown.add(item("1")), Error);
  EXPECT_EQ(rundown.add(item("0")).item->id, "0") << "long ago";
}

TEST(Rundown, AFileThatComesForEverGetsItsNumberAtOnce) {
  Rundown rundown;
  PlayoutItem file;
  file.id = "clip.mp4";
  const gint64 start = g_get_monotonic_time();
  for (int i = 0; i < 20'000; ++i)
    rundown.remove(rundown.add(file).item->id);
  EXPECT_NE(rundown.add(file).item->id, "clip.mp4-2");
  EXPECT_LT(g_get_monotonic_time() - start, 5 * gint64{G_USEC_PER_SEC});
}

TEST(Rundown, AFixedTimeFarAwayIsLookedAtLast) {
  Rundown rundown;
  rundown.add(item("later", 0, iso(kNoon + 600 * kSecond)));
  rundown.add(item("soon", 0, iso(kNoon + 60 * kSecond)));
  rundown.add(item("a"));
  std::string ids;
  while (Entry* entry = rundown.unchecked(kNoon, 120 * kSecond)) {
    ids += entry->item->id + " ";
    entry->progress = Progress::ready;
  }
  EXPECT_EQ(ids, "soon a later ");
}

TEST(Rundown, ATimeThatIsNoneIsRefused) {
  Rundown rundown;
  EXPECT_THROW(rundown.add(item("a", 0, "tomorrow")), Error);
  EXPECT_THROW(rundown.add(item("b", 0, "2026-11-29T20:15:00")), Error); // of which zone?
  EXPECT_EQ(order(rundown), "");
}

TEST(WallClock, ReadsIso8601) {
  EXPECT_EQ(utc_of("1970-01-01T01:00:01.5+01:00"), 1'500'000);
  EXPECT_EQ(utc_of("noon"), std::nullopt);
}

} // namespace
