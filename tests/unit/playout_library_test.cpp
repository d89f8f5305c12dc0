// SPDX-License-Identifier: LGPL-2.1-or-later
// What is aired again, and when.
#include "playout/library.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace aigc;

namespace {

PlayoutItem clip(const std::string& name) {
  PlayoutItem item;
  item.id = name;
  item.uri = "file:///clips/" + name + ".mp4";
  return item;
}

/// The names picked, each put on air for `length` and off again.
std::vector<std::string> play(Library& library, size_t times, GstClockTime& now,
                              GstClockTime length = GST_SECOND) {
  std::vector<std::string> names;
  for (size_t i = 0; i < times; ++i) {
    const auto item = library.pick(now);
    if (!item) {
      names.push_back("-");
      continue;
    }
    EXPECT_EQ(item->tier, Tier::reair);
    names.push_back(item->id);
    now += length;
    library.aired(*item, now);
  }
  return names;
}

GstClockTime fill(Library& library, size_t count) {
  GstClockTime now = 0;
  for (size_t i = 0; i < count; ++i)
    library.aired(clip(std::string(1, char('a' + i))), now += GST_SECOND);
  return now;
}

} // namespace

TEST(Library, GivesTheOneOffTheAirForLongest) {
  Library library(Reair::lru, 0, 1);
  GstClockTime now = fill(library, 3);
  EXPECT_EQ(play(library, 5, now), (std::vector<std::string>{"a", "b", "c", "a", "b"}));
}

TEST(Library, RestsEachForTheGap) {
  Library library(Reair::lru, 10 * GST_SECOND, 1);
  fill(library, 2); // off the air at 1 s and 2 s
  EXPECT_FALSE(library.pick(11 * GST_SECOND - 1));
  EXPECT_EQ(library.pick(11 * GST_SECOND)->id, "a");
  EXPECT_FALSE(library.pick(11 * GST_SECOND));
  EXPECT_EQ(library.pick(12 * GST_SECOND)->id, "b");
  Library never(Reair::lru, GST_CLOCK_TIME_NONE, 1);
  fill(never, 2);
  EXPECT_FALSE(never.pick(1000 * GST_SECOND));
}

TEST(Library, TwoPicksAheadAreTwoClips) {
  for (const Reair how : {Reair::lru, Reair::shuffle}) {
    Library library(how, 0, 1);
    const GstClockTime now = fill(library, 2);
    const auto first = library.pick(now), second = library.pick(now);
    EXPECT_NE(first->id, second->id);
  }
}

TEST(Library, AFileAiredTwiceIsOneClipOfItsFirstName) {
  Library library(Reair::lru, 0, 1);
  library.aired(clip("a"), GST_SECOND);
  library.aired(clip("b"), 2 * GST_SECOND);
  auto again = clip("a");
  again.id = "another";
  library.aired(again, 3 * GST_SECOND);
  EXPECT_EQ(library.size(), 2u);
  EXPECT_EQ(library.pick(3 * GST_SECOND)->id, "b");
  EXPECT_EQ(library.pick(3 * GST_SECOND)->id, "a");
  for (const char* id : {"a", "another"})
    EXPECT_EQ(library.uri_of(id), again.uri);
  for (size_t i = 0; i < Library::kMaxIds; ++i) {
    again.id = std::to_string(i);
    library.aired(again, (4 + i) * GST_SECOND);
  }
  EXPECT_EQ(library.uri_of("another"), "") << "long ago";
  for (const char* id : {"a", "0", again.id.c_str()})
    EXPECT_EQ(library.uri_of(id), again.uri);
}

TEST(Library, ShuffleTakesAllBeforeOneComesAgain) {
  Library library(Reair::shuffle, 0, 7);
  GstClockTime now = fill(library, 6);
  std::set<std::string> orders;
  std::string last;
  for (int turn = 0; turn < 20; ++turn) {
    const auto names = play(library, 6, now);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 6u);
    EXPECT_NE(names.front(), last);
    last = names.back();
    std::string order;
    for (const auto& name : names)
      order += name;
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 15u); // of 720
}

TEST(Library, ShuffleIsTheSameBySeed) {
  std::vector<std::vector<std::string>> runs;
  for (const std::uint64_t seed : {1, 1, 2}) {
    Library library(Reair::shuffle, 0, seed);
    GstClockTime now = fill(library, 8);
    runs.push_back(play(library, 30, now));
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NE(runs[0], runs[2]);
}

TEST(Library, ShuffleKeepsTheGapToo) {
  Library library(Reair::shuffle, 3 * GST_SECOND, 3);
  GstClockTime now = fill(library, 6);
  std::map<std::string, GstClockTime> ended;
  for (int i = 0; i < 200; ++i) {
    const auto item = library.pick(now);
    ASSERT_TRUE(item);
    if (ended.contains(item->id)) {
      EXPECT_GE(now - ended[item->id], 3 * GST_SECOND);
    }
    now += GST_SECOND;
    ended[item->id] = now;
    library.aired(*item, now);
  }
}

TEST(Library, ShuffleOfOneRepeatsIt) {
  Library library(Reair::shuffle, 0, 3);
  GstClockTime now = fill(library, 1);
  EXPECT_EQ(play(library, 3, now), (std::vector<std::string>{"a", "a", "a"}));
}

TEST(Library, NewClipsComeInWhileOthersGoRound) {
  Library library(Reair::shuffle, 0, 3);
  GstClockTime now = fill(library, 3);
  play(library, 2, now);
  library.aired(clip("new"), now += GST_SECOND);
  const auto names = play(library, 8, now);
  EXPECT_EQ(std::count(names.begin(), names.end(), "new"), 2);
}

TEST(Library, ForgetsWhatCannotBePlayedAndWhatIsOldest) {
  Library library(Reair::lru, 0, 1);
  fill(library, 2);
  library.forget(clip("a").uri);
  library.forget("file:///unknown");
  EXPECT_EQ(library.pick(5 * GST_SECOND)->id, "b");
  for (size_t i = 0; i < Library::kMaxClips; ++i)
    library.aired(clip(std::to_string(i)), (10 + i) * GST_SECOND);
  EXPECT_EQ(library.size(), Library::kMaxClips);
  EXPECT_EQ(library.pick(GST_CLOCK_TIME_NONE - 1)->id, "0");
}

TEST(Library, WhatIsBarredNeverComesInUntilManyOthersAre) {
  Library library(Reair::lru, 0, 1);
  fill(library, 2);
  library.bar(clip("a").uri);
  library.aired(clip("a"), 5 * GST_SECOND);
  library.aired(clip("a"), 6 * GST_SECOND);
  EXPECT_EQ(library.size(), 1u);
  for (size_t i = 0; i < Library::kMaxBarred; ++i)
    library.bar(std::to_string(i));
  library.aired(clip("a"), 7 * GST_SECOND);
  EXPECT_EQ(library.size(), 2u);
}

TEST(Library, KeepsNothingWhenNothingIsAiredAgain) {
  Library library(Reair::none, 0, 1);
  fill(library, 3);
  EXPECT_EQ(library.size(), 0u);
  EXPECT_FALSE(library.pick(9 * GST_SECOND));
}
