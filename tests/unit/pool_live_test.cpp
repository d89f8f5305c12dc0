// SPDX-License-Identifier: LGPL-2.1-or-later
// Pool, as a live channel uses it: shots that are let go of, what may be begun, requests first.
#include "pool_rig.h"

#include <gtest/gtest.h>
#include <map>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

Job request(const std::string& id, int number) {
  Job job = job_named(id);
  job.shot.request = number;
  return job;
}

Job at_time(const std::string& id, const std::string& when) {
  Job job = job_named(id);
  job.shot.at = when;
  return job;
}

// A worker that is at its next job has handed in the one before: that is how a test knows a shot to
// be done.

void push(Pool& pool, const Names& ids) {
  for (const auto& id : ids)
    EXPECT_EQ(pool.push(job_named(id)), Pool::Push::taken);
}

void expect_next(Pool& pool, const Names& ids) {
  for (const auto& id : ids)
    EXPECT_EQ(name_of(*pool.next()), id);
}

/// Ends the shot on the bench, and takes it out.
std::string take(Pool& pool, Bench& bench, const std::string& id) {
  bench.end(id);
  return name_of(*pool.next());
}

} // namespace

// --- drop ----------------------------------------------------------------------------------------

TEST(PoolDrop, OneThatWaitsIsNeverBegunAndMakesRoom) {
  Bench bench;
  Pool pool(at(bench), {1, Order::input});
  push(pool, {"a", "b"});
  pool.start();
  EXPECT_TRUE(bench.is_running({"a"}));
  std::thread producer([&] { EXPECT_EQ(pool.push(job_named("c")), Pool::Push::taken); });
  pool.drop("b");
  producer.join();
  pool.end();
  bench.end_all();
  EXPECT_EQ(drain(pool), (Names{"a", "c"}));
  EXPECT_EQ(bench.seen.lock()->begun, (Names{"a", "c"}));
}

TEST(PoolDrop, OnlyTheOneAtWorkIsCancelled) {
  Bench bench;
  Pool pool(at(bench), {2, Order::input});
  push(pool, {"a", "b", "c"});
  pool.end();
  pool.start();
  EXPECT_TRUE(bench.is_running({"a", "b"}));
  pool.drop("a");
  EXPECT_TRUE(bench.is_running({"b", "c"}));
  bench.end_all();
  EXPECT_EQ(drain(pool), (Names{"b", "c"}));
}

TEST(PoolDrop, OneThatIsDoneDoesNotLeave) {
  Bench bench;
  Pool pool(at(bench), {2, Order::input});
  push(pool, {"a", "b", "c"});
  pool.end();
  pool.start();
  bench.end("b");
  EXPECT_TRUE(bench.is_running({"a", "c"}));
  pool.drop("b");
  bench.end_all();
  EXPECT_EQ(drain(pool), (Names{"a", "c"}));
}

TEST(PoolDrop, OneThatComesLaterIsTakenAndForgotten) {
  Pool pool(at_once, {1, Order::input});
  pool.drop("b");
  EXPECT_TRUE(pool.is_dropped("b"));
  pool.start();
  for (const char* id : {"a", "b", "b"})
    EXPECT_EQ(pool.push(job_named(id)), Pool::Push::taken);
  pool.end();
  EXPECT_EQ(drain(pool), (Names{"a"}));
}

TEST(PoolDrop, TheNewestIdsAreRemembered) {
  Pool pool(at_once, {1, Order::input});
  for (size_t i = 0; i <= Pool::kMaxDropped; ++i)
    pool.drop(std::to_string(i));
  EXPECT_FALSE(pool.is_dropped("0"));
  EXPECT_TRUE(pool.is_dropped("1"));
  EXPECT_TRUE(pool.is_dropped(std::to_string(Pool::kMaxDropped)));
}

TEST(PoolDrop, AServiceThatDoesNotLetGoHoldsNobodyUp) {
  auto gate = std::make_shared<Gate>();
  std::atomic<bool> hanging = false;
  Pool pool(
      [gate, &hanging](Job job, Cancel&) {
        if (job.shot.id == "deaf") {
          hanging = true;
          gate->pass_deaf();
        }
        return product_of(job);
      },
      {2, Order::input});
  pool.push(job_named("deaf"));
  pool.start();
  ASSERT_TRUE(eventually([&] { return hanging.load(); }));
  pool.drop("deaf");
  pool.push(job_named("a"));
  EXPECT_EQ(name_of(*pool.next()), "a");
  pool.push(job_named("b"));
  EXPECT_EQ(name_of(*pool.next()), "b");
  gate->open(); // what comes after all leaves no more
  pool.end();
  EXPECT_EQ(drain(pool), Names{});
}

TEST(PoolDrop, TheEndWaitsForAWorkerThatLetsGo) {
  std::atomic<bool> at_work = false, let_go = false;
  Pool pool(
      [&](Job, Cancel& cancel) {
        at_work = true;
        cancel.sleep(1h);
        std::this_thread::sleep_for(20ms);
        let_go = true;
        return Outcome{};
      },
      {1, Order::input});
  pool.push(job_named("a"));
  pool.end();
  pool.start();
  ASSERT_TRUE(eventually([&] { return at_work.load(); }));
  pool.drop("a");
  EXPECT_EQ(drain(pool), Names{});
  EXPECT_TRUE(let_go);
}

TEST(PoolDrop, TheNextOfItsChainBeginsAfresh) {
  const auto await_second = [](Pool& pool, Bench& bench) {
    pool.push(link_of("a", 2));
    EXPECT_EQ(take(pool, bench, "a1"), "a1");
    EXPECT_TRUE(bench.is_running({"a2"}));
  };
  const std::map<std::string, std::function<void(Pool&, Bench&)>> phases = {
      {"waiting", [](Pool& pool, Bench&) { pool.push(link_of("a", 2)); }},
      {"running", await_second},
      {"done",
       [&](Pool& pool, Bench& bench) {
         await_second(pool, bench);
         bench.end("a2");
         pool.push(job_named("free"));
         EXPECT_TRUE(bench.is_running({"free"}));
       }},
      {"to come", [](Pool&, Bench&) {}},
  };
  for (const auto& [phase, reach] : phases) {
    SCOPED_TRACE(phase);
    Bench bench;
    Pool pool(at(bench), {1, Order::ready});
    pool.start();
    pool.push(link_of("a", 1));
    EXPECT_TRUE(bench.is_running({"a1"}));
    reach(pool, bench);
    pool.drop("a2");
    if (phase == "to come") pool.push(link_of("a", 2));
    if (phase == "done") {
      EXPECT_EQ(take(pool, bench, "free"), "free");
    }
    bench.end_all();
    for (int number : {3, 4})
      pool.push(link_of("a", number));
    pool.end();
    const Names left = drain(pool);
    EXPECT_EQ(std::count(left.begin(), left.end(), "a2"), 0);
    const auto seen = bench.seen.snapshot();
    const Names last_two(seen.before.end() - 2, seen.before.end());
    EXPECT_EQ(seen.begun[seen.begun.size() - 2], "a3");
    EXPECT_EQ(last_two, (Names{"", "a3.mp4"}));
  }
}

// --- demand --------------------------------------------------------------------------------------

TEST(PoolDemand, NothingIsBegunWhereNothingIsWanted) {
  Bench bench;
  Pool pool(at(bench), {4, Order::ready});
  pool.demand(0);
  pool.start();
  push(pool, {"a", "b", "c"});
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(bench.seen.lock()->begun.empty());
  EXPECT_EQ(pool.demand(7), 0); // 15 s wait already
  EXPECT_TRUE(bench.is_running({"a", "b"}));
}

TEST(PoolDemand, WhatIsDoneCountsUntilItIsKnownToHaveArrived) {
  Bench bench;
  Pool pool(at(bench), {4, Order::ready});
  pool.demand(5);
  pool.start();
  push(pool, {"a", "b", "c"});
  EXPECT_TRUE(bench.is_running({"a"}));
  EXPECT_EQ(take(pool, bench, "a"), "a");
  std::thread consumer([&] { EXPECT_EQ(name_of(*pool.next()), "b"); }); // "a" has been pushed
  std::this_thread::sleep_for(20ms);
  pool.push(job_named("d")); // has the workers look whether they may begin
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(bench.seen.lock()->begun, Names{"a"});
  pool.demand(5); // 5 s more
  EXPECT_TRUE(bench.is_running({"b"}));
  bench.end("b");
  consumer.join();
}

TEST(PoolDemand, AFailureMakesRoomAtOnce) {
  std::atomic<int> begun = 0;
  Pool pool(
      [&](Job, Cancel&) {
        ++begun;
        return Outcome{Outcome::Kind::gap};
      },
      {1, Order::ready});
  pool.demand(5);
  pool.start();
  push(pool, {"a", "b"});
  EXPECT_TRUE(eventually([&] { return begun == 2; }));
}

TEST(PoolDemand, RequestsAndFixedTimesBeginRegardless) {
  Bench bench;
  Pool pool(at(bench), {4, Order::ready});
  pool.demand(0);
  pool.start();
  pool.push(job_named("a"));
  pool.push(request("r", 1));
  pool.push(at_time("t", "2026-05-01T10:00:00Z"));
  EXPECT_TRUE(bench.is_running({"r", "t"}));
}

TEST(PoolDemand, UpstreamHearsWhatIsWantedBeyondAllThatIsInside) {
  Bench bench;
  Pool pool(at(bench), {2, Order::ready});
  pool.start();
  EXPECT_EQ(pool.demand(100), 2 * Pool::kPerWorkerOnDemand * kDefaultShotSeconds); // its room
  EXPECT_EQ(pool.demand(12), 12);
  EXPECT_EQ(pool.demand(-3), 0);
  pool.demand(12);
  Job job = job_named("a");
  job.seconds = 3;
  pool.push(std::move(job));
  EXPECT_EQ(pool.demand(12), 9); // at work
  EXPECT_EQ(take(pool, bench, "a"), "a");
  EXPECT_EQ(pool.demand(12), 9); // about to leave
  EXPECT_EQ(pool.inside(), 1u);
  pool.end();
  EXPECT_FALSE(pool.next());
  EXPECT_EQ(pool.demand(12), 12);
  EXPECT_EQ(pool.inside(), 0u);
}

TEST(PoolDemand, WhoSendsAsMuchAsIsWantedNeverWaitsForAPlace) {
  Bench bench;
  Pool pool(at(bench), {1, Order::ready});
  pool.start();
  for (double rest = pool.demand(1000); rest > 0; rest = pool.demand(1000))
    EXPECT_EQ(pool.push(job_named("x")), Pool::Push::taken);
  EXPECT_EQ(pool.inside(), Pool::kPerWorkerOnDemand);
}

// --- requests ------------------------------------------------------------------------------------

TEST(PoolRequests, GoFirstByNumberThenFixedTimesThenTheList) {
  Bench bench;
  bench.end_all();
  Pool pool(at(bench), {1, Order::ready});
  pool.demand(1000);
  pool.push(job_named("list1"));
  pool.push(at_time("late", "2026-05-01T10:00:00Z"));
  pool.push(at_time("early", "2026-05-01T11:30:00+02:00"));
  pool.push(request("second", 2));
  pool.push(request("first", 1));
  pool.end();
  pool.start();
  drain(pool);
  EXPECT_EQ(bench.seen.lock()->begun, (Names{"first", "second", "early", "late", "list1"}));
}

TEST(PoolRequests, LeaveFirst) {
  Bench bench;
  Pool pool(at(bench), {3, Order::ready});
  pool.push(job_named("list"));
  pool.push(request("second", 2));
  pool.push(request("first", 1));
  push(pool, {"x", "y", "z"});
  pool.start();
  EXPECT_TRUE(bench.is_running({"list", "second", "first"}));
  for (const char* id : {"list", "second", "first"})
    bench.end(id);
  EXPECT_TRUE(bench.is_running({"x", "y", "z"}));
  expect_next(pool, {"first", "second", "list"});
}

TEST(PoolRequests, KeepTheOrderOfTheInputInAFilm) {
  Bench bench;
  bench.end_all();
  Pool pool(at(bench), {1, Order::input});
  pool.push(job_named("list"));
  pool.push(request("r", 1));
  pool.end();
  pool.start();
  EXPECT_EQ(drain(pool), (Names{"list", "r"}));
  EXPECT_EQ(bench.seen.lock()->begun, (Names{"list", "r"}));
}

TEST(PoolRequests, OvertakeTheListInItsOrderWhereThereIsADemand) {
  Bench bench;
  Pool pool(at(bench), {4, Order::input});
  pool.demand(1000);
  push(pool, {"list1", "list2"});
  pool.push(request("second", 2));
  pool.push(request("first", 1));
  pool.push(job_named("list3"));
  pool.start();
  EXPECT_TRUE(bench.is_running({"first", "second", "list1", "list2"}));
  for (const char* id : {"list2", "second"})
    bench.end(id);
  EXPECT_TRUE(bench.is_running({"first", "list1", "list3"}));
  bench.end("list1"); // which no request holds up
  EXPECT_EQ(name_of(*pool.next()), "list1");
  bench.end("first");
  bench.end("list3");
  push(pool, {"w", "x", "y", "z"});
  EXPECT_TRUE(bench.is_running({"w", "x", "y", "z"}));
  expect_next(pool, {"first", "second", "list2", "list3"});
}

/// The list in front of them is not wanted as long as they are inside.
TEST(PoolRequests, FixedTimesLeaveBeforeTheListWhereThereIsADemand) {
  Bench bench;
  Pool pool(at(bench), {2, Order::input});
  pool.demand(4);
  pool.push(request("r", 1));
  pool.push(job_named("list"));
  pool.push(at_time("t", "2026-05-01T10:00:00Z"));
  pool.start();
  EXPECT_TRUE(bench.is_running({"r", "t"}));
  bench.end("t");
  EXPECT_EQ(name_of(*pool.next()), "t");
  pool.demand(100);
  EXPECT_TRUE(bench.is_running({"r", "list"}));
}

TEST(PoolRequests, DoNotWaitBehindAFullQueueInOrderEither) {
  Bench bench;
  Pool pool(at(bench), {1, Order::input});
  pool.demand(1000);
  pool.start();
  pool.push(job_named("list0"));
  EXPECT_TRUE(bench.is_running({"list0"}));
  for (unsigned i = 1; i < Pool::kPerWorkerOnDemand; ++i)
    pool.push(job_named("list" + std::to_string(i)));
  EXPECT_EQ(pool.push(request("r", 1)), Pool::Push::taken);
  bench.end("list0");
  EXPECT_TRUE(bench.is_running({"r"}));
}

TEST(PoolRequests, OvertakeNobodyOfTheirChain) {
  Bench bench;
  Pool pool(at(bench), {3, Order::input});
  pool.demand(1000);
  pool.push(request("slow", 1));
  Job asked = link_of("a", 1);
  asked.shot.request = 2;
  pool.push(std::move(asked));
  pool.push(link_of("a", 2));
  pool.start();
  EXPECT_TRUE(bench.is_running({"slow", "a1"}));
  bench.end("a1");
  EXPECT_TRUE(bench.is_running({"slow", "a2"}));
  bench.end("a2");
  push(pool, {"x", "y"});
  EXPECT_TRUE(bench.is_running({"slow", "x", "y"}));
  bench.end("slow");
  expect_next(pool, {"slow", "a1", "a2"});
}

TEST(PoolRequests, DoNotWaitBehindAFullQueueOfTheList) {
  Bench bench;
  Pool pool(at(bench), {1, Order::ready});
  pool.start();
  pool.push(job_named("a"));
  EXPECT_TRUE(bench.is_running({"a"}));
  pool.push(job_named("b"));
  for (unsigned i = 1; i <= Pool::kMaxRequests; ++i)
    EXPECT_EQ(pool.push(request("r" + std::to_string(i), static_cast<int>(i))), Pool::Push::taken);
  std::thread one_too_many([&] { EXPECT_EQ(pool.push(request("r", 99)), Pool::Push::finishing); });
  EXPECT_EQ(take(pool, bench, "a"), "a");
  EXPECT_TRUE(bench.is_running({"r1"}));
  pool.end();
  one_too_many.join();
}

TEST(PoolRequests, AChainKeepsItsOrder) {
  Bench bench;
  Pool pool(at(bench), {2, Order::ready});
  pool.push(link_of("a", 1));
  Job second = link_of("a", 2);
  second.shot.request = 1;
  pool.push(std::move(second));
  push(pool, {"x", "y"});
  pool.start();
  EXPECT_TRUE(bench.is_running({"a1", "x"}));
  bench.end("a1");
  EXPECT_TRUE(bench.is_running({"a2", "x"}));
  bench.end("a2");
  EXPECT_TRUE(bench.is_running({"x", "y"}));
  expect_next(pool, {"a1", "a2"});
}
