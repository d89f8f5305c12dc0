// SPDX-License-Identifier: LGPL-2.1-or-later
// What is pending: whose turn it is, edits by id and position, demand, fixed times, and what is
// left when the list changes.
#include "pending_rig.h"
#include "shot/air_time.h"

namespace {

constexpr gint64 kNow = 1'800'000'000LL * G_USEC_PER_SEC;
constexpr gint64 kDay = G_TIME_SPAN_DAY;

} // namespace

TEST(Pending, RequestsGoFirstInTheirOrderThenTheListRowByRow) {
  PendingRig rig;
  rig.rows({"a", "b", "c"});
  EXPECT_EQ(rig.enqueue("x"), "request-1");
  EXPECT_EQ(rig.enqueue("y"), "request-2");
  EXPECT_EQ(rig.sent(3), (Texts{"request-1", "request-2", "a"}));
  EXPECT_EQ(rig.enqueue("z"), "request-3");
  EXPECT_EQ(rig.sent(9), (Texts{"request-3", "b", "c"}));
  EXPECT_EQ(rig.numbers, (std::vector<gint64>{1, 2, 0, 3, 0, 0}));
}

TEST(Pending, AnIdIsUsedOnce) {
  PendingRig rig;
  rig.rows({"a", "b"});
  EXPECT_EQ(rig.enqueue("x", "mine"), "mine");
  rig.sent(2);
  rig.pending.aired("mine");
  rig.pending.aired("a");
  for (const char* id : {"mine", "a", "b", "request-1~2"})
    EXPECT_THROW(rig.enqueue("again", id), Error) << id;
  EXPECT_EQ(rig.enqueue("x"), "request-1");
  rig.pending.remove("request-1");
  EXPECT_THROW(rig.enqueue("x", "request-1"), Error);
  EXPECT_EQ(rig.enqueue("x"), "request-2");
}

TEST(Pending, AnIdThatLooksMadeIsNotTaken) {
  PendingRig rig;
  for (const char* id : {"request-18446744073709551615", "request-1", "request-x"})
    EXPECT_THROW(rig.enqueue("x", id), Error) << id;
  EXPECT_EQ(rig.enqueue("x"), "request-1");
  // A row may have such an id, and a journal may be of another make.
  rig.rows({"request-18446744073709551615", "request-3"});
  rig.pending.move("request-3", 0);
  Edit insert{.kind = Edit::Kind::insert, .id = "request-18446744073709551615"};
  insert.shot = rig.shot(insert.id);
  rig.pending.apply(insert);
  EXPECT_EQ(rig.enqueue("x"), "request-2");
  EXPECT_EQ(rig.enqueue("x"), "request-4");
  rig.pending.apply({.kind = Edit::Kind::counts, .id = {}, .made = ~std::uint64_t{0}});
  EXPECT_NE(rig.enqueue("x"), rig.enqueue("x"));
}

TEST(Pending, AThousandMayWaitAndNoMore) {
  PendingRig rig;
  Shot timed = rig.shot("");
  timed.at = air_time_text(kNow + kDay);
  rig.now = kNow;
  rig.pending.insert(timed, 0, kNow);
  for (size_t i = 1; i < kMaxRequests; ++i)
    rig.insert("x", 0);
  EXPECT_THROW(rig.enqueue("x"), Error);
  EXPECT_THROW(rig.insert("x", 5), Error);
  EXPECT_EQ(rig.pending.items().size(), kMaxRequests);
  rig.pending.remove("request-7");
  EXPECT_EQ(rig.enqueue("x"), "request-1001");
  rig.sent(1);
  rig.enqueue("x");
}

TEST(Pending, RowsAreNotPutBeforeTheListWithoutEnd) {
  PendingRig rig;
  size_t rows = 0;
  for (int i = 0; i < 100; ++i) {
    while (rig.pending.wants_rows())
      rig.read(std::to_string(rows++));
    EXPECT_TRUE(rig.pending.move("0", rig.pending.items().size() - 1));
  }
  EXPECT_LE(rows, kMaxRequests + 3 * kWindowShots);
}

TEST(Pending, ARowWhoseIdARequestHasTakenIsNotSent) {
  PendingRig rig;
  rig.enqueue("x", "b");
  EXPECT_EQ(rig.rows({"a", "b", "c"}), 2u);
  EXPECT_EQ(rig.sent(9), (Texts{"b", "a", "c"}));
}

TEST(Pending, WhatIsMovedOrInsertedIsThereByItsPosition) {
  PendingRig rig;
  rig.rows({"a", "b", "c", "d"});
  rig.enqueue("x");
  EXPECT_TRUE(rig.pending.move("c", 1)); // the list's first now
  EXPECT_EQ(rig.order(), "request-1 c a b d");
  EXPECT_TRUE(rig.pending.move("d", 0)); // before a request: one itself
  EXPECT_EQ(rig.order(), "d request-1 c a b");
  EXPECT_EQ(rig.insert("y", 4), "request-2");
  EXPECT_EQ(rig.order(), "d request-1 c a request-2 b");
  EXPECT_TRUE(rig.pending.move("request-1", 99));
  EXPECT_EQ(rig.order(), "d c a request-2 b request-1");
  EXPECT_FALSE(rig.pending.move("nobody", 0));
  EXPECT_EQ(rig.sent(9), (Texts{"d", "c", "a", "request-2", "b", "request-1"}));
  EXPECT_EQ(rig.numbers, (std::vector<gint64>{1, 0, 0, 0, 0, 0}));
}

TEST(Pending, BetweenRequestsAndRowsAShotStaysWhatItIs) {
  PendingRig rig;
  rig.rows({"a", "b"});
  rig.enqueue("x");
  rig.enqueue("y");
  EXPECT_TRUE(rig.pending.move("request-1", 1));
  EXPECT_TRUE(rig.pending.move("b", 2));
  EXPECT_EQ(rig.sent(9), (Texts{"request-2", "request-1", "b", "a"}));
  EXPECT_EQ(rig.numbers, (std::vector<gint64>{1, 2, 0, 0}));
}

TEST(Pending, WhatIsRemovedIsDroppedOrIsToBeCancelled) {
  PendingRig rig;
  rig.rows({"a", "b", "c"});
  rig.enqueue("x");
  EXPECT_EQ(rig.pending.remove("b"), PendingShots::Removed::pending);
  EXPECT_EQ(rig.sent(1), (Texts{"request-1"}));
  EXPECT_EQ(rig.pending.remove("request-1"), PendingShots::Removed::sent);
  EXPECT_EQ(rig.pending.remove("request-1"), PendingShots::Removed::unknown);
  EXPECT_EQ(rig.sent(9), (Texts{"a", "c"}));
  rig.pending.aired("a");
  EXPECT_EQ(rig.pending.remove("a"), PendingShots::Removed::unknown);
  EXPECT_EQ(rig.pending.remove("b"), PendingShots::Removed::unknown);
}

TEST(Pending, ARowThatWasNotYetReadCanBeRemovedOnce) {
  PendingRig rig;
  rig.pending.remember(true);
  rig.rows({"a"}, {"a", "far"});
  EXPECT_EQ(rig.pending.remove("far"), PendingShots::Removed::pending);
  EXPECT_EQ(rig.pending.remove("far"), PendingShots::Removed::unknown);
  EXPECT_EQ(rig.read("far"), false);
}

TEST(Pending, NothingGoesBeyondDemandButRequestsALittle) {
  PendingRig rig;
  rig.rows({"a", "b", "c", "d"});
  rig.pending.demand(0);
  EXPECT_EQ(rig.sent(9), Texts{});
  rig.pending.demand(6); // two shots of 5 s
  EXPECT_EQ(rig.sent(9), (Texts{"a", "b"}));
  rig.pending.demand(0);
  for (int i = 0; i < 20; ++i)
    rig.enqueue("x");
  EXPECT_EQ(rig.sent(99).size(), static_cast<size_t>(kRequestCredit / kDefaultShotSeconds));
  rig.pending.demand(1000);
  EXPECT_EQ(rig.sent(99).size(), 10u);
}

TEST(Pending, AFixedTimeGoesOutAheadOfItsTimeWhateverTheDemand) {
  PendingRig rig;
  rig.now = kNow;
  rig.rows({"a"});
  rig.pending.demand(0);
  const gint64 air = kNow + kAirLead + 5 * G_USEC_PER_SEC;
  Shot shot = rig.shot("");
  shot.at = air_time_text(air);
  const std::string id = rig.pending.insert(shot, 0, kNow);
  EXPECT_EQ(rig.pending.due(), air - kAirLead);
  EXPECT_EQ(rig.sent(9), Texts{});
  rig.now += 5 * G_USEC_PER_SEC;
  EXPECT_EQ(rig.sent(9), (Texts{id}));
  EXPECT_EQ(rig.last.at, air_time_text(air));
  EXPECT_GT(rig.last.request, 0);
  EXPECT_EQ(rig.pending.due(), std::nullopt);
  shot.at = air_time_text(rig.now - kAirGrace - 1'000'000);
  EXPECT_THROW(rig.pending.insert(shot, 0, rig.now), Error);
}

TEST(Pending, AfterARestartRequestsPassRowsThatAreSentOnceMore) {
  PendingRig rig;
  rig.now = kNow;
  rig.rows({"a", "b", "c"});
  rig.enqueue("x");
  Shot missed = rig.shot("missed"), soon = rig.shot("soon");
  missed.at = air_time_text(kNow - 1'000'000);
  soon.at = air_time_text(kNow + kDay);
  rig.pending.insert(missed, 0, kNow);
  EXPECT_EQ(rig.sent(3), (Texts{"missed", "request-1", "a"}));
  rig.pending.insert(soon, 0, kNow);
  rig.now += kDay / 2;
  EXPECT_EQ(rig.pending.resume(rig.now).size(), 1u); // what was missed is not sent again
  rig.pending.demand(0);
  EXPECT_EQ(rig.sent(9), (Texts{"request-1"}));
  EXPECT_EQ(rig.enqueue("y"), "request-2");
  EXPECT_EQ(rig.sent(9), (Texts{"request-2"}));
  rig.pending.demand(100);
  EXPECT_EQ(rig.sent(9), (Texts{"a", "b", "c"}));
  EXPECT_EQ(rig.pending.resume(rig.now + kDay).size(), 1u);
  EXPECT_EQ(rig.pending.due(), std::nullopt);
}

TEST(Pending, ATimeOfDayComesEveryDayAsLongAsTheListLoops) {
  for (const int loop : {1, 2, -1}) {
    PendingRig rig;
    rig.now = kNow;
    Shot news = rig.shot("news");
    news.at = "20:00";
    Shot past = rig.shot("past");
    past.at = "2020-01-01T00:00:00Z";
    EXPECT_EQ(rig.pending.set_timed({news, past}, loop, kNow).size(), 1u);
    Texts ids;
    for (int day = 0; day < 4; ++day, rig.now += kDay)
      for (const auto& id : rig.sent(9))
        ids.push_back(id);
    const Texts all = {"news", "news~2", "news~3"};
    ids.resize(std::min<size_t>(ids.size(), 3));
    EXPECT_EQ(ids, Texts(all.begin(), all.begin() + (loop < 0 ? 3 : loop)));
    EXPECT_EQ(rig.pending.set_timed({news}, loop, rig.now).size(), 0u);
    EXPECT_EQ(rig.pending.due().has_value(), loop < 0); // read anew: not the same day again
  }
}

TEST(Pending, WithNothingElseToSendFixedTimesAreNotWaitedFor) {
  PendingRig rig;
  rig.now = kNow;
  Shot later = rig.shot("later");
  later.at = air_time_text(kNow + kDay);
  rig.pending.set_timed({later}, 1, kNow);
  rig.rows({"a"});
  EXPECT_EQ(rig.pending.take(kNow, true)->id, "a");
  EXPECT_EQ(rig.pending.take(kNow, false), std::nullopt);
  EXPECT_EQ(rig.pending.take(kNow, true)->id, "later");
}

TEST(Pending, AnotherListTakesThePlaceOfWhatWasNotSent) {
  PendingRig rig;
  rig.pending.remember(true);
  rig.rows({"a", "b", "c", "d", "e"});
  rig.enqueue("x", "x");
  EXPECT_EQ(rig.sent(3), (Texts{"x", "a", "b"}));
  EXPECT_TRUE(rig.pending.move("e", 0));
  EXPECT_TRUE(rig.pending.move("d", 1));
  EXPECT_EQ(rig.order(), "e d c");
  // b is gone, and so is d; c has other words, n is new, and stands before what was sent.
  const std::set<std::string> list = {"n", "a", "c", "e"};
  const auto gone = rig.change(list, "new words");
  EXPECT_EQ(gone, (Texts{"b"}));
  for (const auto& id : {"n", "a", "c", "e"})
    rig.read(id);
  EXPECT_EQ(rig.order(), "e c n"); // what edits have ordered stays so
  EXPECT_EQ(rig.sent(1), (Texts{"e"}));
  EXPECT_EQ(rig.last.script, "new words");
  EXPECT_EQ(rig.sent(9), (Texts{"c", "n"}));
}

TEST(Pending, ATurnOfTheLoopHasIdsOfItsOwn) {
  PendingRig rig;
  rig.pending.remember(true);
  rig.rows({"a"});
  rig.sent(9);
  EXPECT_FALSE(rig.read("a"));
  rig.pending.begin_turn(2);
  EXPECT_TRUE(rig.read("a~2"));
  EXPECT_EQ(rig.pending.turn(), 2u);
}

TEST(Pending, WhatIsNeverHeardOfIsForgottenInTheEnd) {
  PendingRig rig;
  for (size_t i = 0; i < 2 * kMaxSent; ++i) {
    rig.read("r" + std::to_string(i));
    rig.sent(1);
  }
  EXPECT_EQ(rig.pending.items().size(), kMaxSent);
  EXPECT_EQ(rig.pending.remove("r0"), PendingShots::Removed::unknown);
  EXPECT_EQ(rig.pending.remove("r" + std::to_string(2 * kMaxSent - 1)),
            PendingShots::Removed::sent);
}
