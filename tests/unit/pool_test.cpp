// SPDX-License-Identifier: LGPL-2.1-or-later
// Pool: bounds, both orders, chains, events in their places, finish, cancel, and workers that hang.
#include "pool_rig.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <random>

using namespace aigc;
using namespace std::chrono_literals;

TEST(Pool, NothingIsWorkedOnBeforeStart) {
  std::atomic<int> works = 0;
  Pool pool(
      [&](Job job, Cancel&) {
        ++works;
        return product_of(job);
      },
      {2, Order::input});
  pool.push(job_named("a"));
  pool.push(job_named("b"));
  EXPECT_EQ(pool.first()->id, "a");
  EXPECT_EQ(works, 0);
  pool.end();
  pool.start();
  EXPECT_EQ(drain(pool), (std::vector<std::string>{"a", "b"}));
}

TEST(Pool, InputOrderHoldsUnderRandomLatency) {
  std::mt19937 random(7);
  std::mutex mutex;
  Pool pool(
      [&](Job job, Cancel& cancel) {
        std::chrono::microseconds latency;
        {
          std::lock_guard guard(mutex);
          latency = std::chrono::microseconds(random() % 500);
        }
        cancel.sleep(latency);
        return product_of(job);
      },
      {8, Order::input});
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i)
    names.push_back(std::to_string(i));
  pool.start();
  std::thread producer([&] {
    for (auto& name : names)
      EXPECT_EQ(pool.push(job_named(name)), Pool::Push::taken);
    pool.end();
  });
  EXPECT_EQ(drain(pool), names);
  producer.join();
}

TEST(Pool, ReadyOrderLetsTheQuickOvertake) {
  Gate slow;
  Pool pool(
      [&](Job job, Cancel& cancel) {
        if (job.shot.id == "slow") slow.pass(cancel);
        return product_of(job);
      },
      {2, Order::ready});
  pool.push(job_named("slow"));
  pool.push(job_named("quick"));
  pool.end();
  pool.start();
  EXPECT_EQ(pool.next()->shot.id, "quick");
  slow.open();
  EXPECT_EQ(pool.next()->shot.id, "slow");
  EXPECT_FALSE(pool.next());
}

TEST(Pool, HoldsTwiceTheWorkersAtMost) {
  Gate gate;
  Pool pool(
      [&](Job job, Cancel& cancel) {
        try {
          gate.pass(cancel);
        } catch (const Error&) {
        }
        return product_of(job);
      },
      {3, Order::input});
  pool.start();
  std::atomic<int> taken = 0;
  std::thread producer([&] {
    while (pool.push(job_named("x")) == Pool::Push::taken)
      if (++taken == 7) pool.end();
  });
  EXPECT_TRUE(eventually([&] { return taken == 6; }));
  EXPECT_EQ(taken, 6); // the seventh waits until one has left
  gate.open();
  EXPECT_TRUE(pool.next());
  EXPECT_TRUE(eventually([&] { return taken == 7; }));
  EXPECT_EQ(drain(pool).size(), 6u);
  producer.join();
}

TEST(Pool, EventsBeforeTheFirstShotDoNotFillTheQueue) {
  Pool pool(at_once, {1, Order::input});
  for (int i = 0; i < 2000; ++i)
    EXPECT_EQ(pool.push_event(event_named("e")), Pool::Push::taken);
  EXPECT_EQ(pool.push(job_named("a")), Pool::Push::taken);
  pool.end();
  EXPECT_EQ(pool.first()->id, "a");
  pool.start();
  const auto names = drain(pool);
  ASSERT_EQ(names.size(), 2001u);
  EXPECT_EQ(names.back(), "a");
}

TEST(Pool, EventsKeepTheirPlaceBetweenShots) {
  Gate gate;
  Pool pool(
      [&](Job job, Cancel& cancel) {
        if (job.shot.id == "a") gate.pass(cancel);
        return product_of(job);
      },
      {2, Order::input});
  pool.push(job_named("a"));
  pool.push_event(event_named("between"));
  pool.push(job_named("b"));
  pool.end();
  pool.start();
  gate.open();
  EXPECT_EQ(drain(pool), (std::vector<std::string>{"a", "between", "b"}));
}

TEST(Pool, NothingIsTakenAfterEnd) {
  Pool pool(at_once, {1, Order::input});
  pool.end();
  EXPECT_EQ(pool.push(job_named("a")), Pool::Push::finishing);
  EXPECT_FALSE(pool.first());
  EXPECT_TRUE(pool.empty());
}

TEST(Pool, EndRefusesAPushThatWaits) {
  Pool pool(at_once, {1, Order::input});
  pool.push(job_named("a"));
  pool.push(job_named("b"));
  std::thread waiting([&] { EXPECT_EQ(pool.push(job_named("c")), Pool::Push::finishing); });
  pool.end();
  waiting.join();
}

TEST(Pool, FinishKeepsWhatIsDoneAndCancelsTheRest) {
  std::atomic<bool> done = false, saw_cancel = false;
  Pool pool(
      [&](Job job, Cancel& cancel) -> Outcome {
        if (job.shot.id == "done") {
          done = true;
          return product_of(job);
        }
        saw_cancel = cancel.sleep(1h);
        return {};
      },
      {2, Order::input});
  pool.push(job_named("blocked"));
  pool.push(job_named("done"));
  pool.push_event(event_named("event"));
  pool.start();
  ASSERT_TRUE(eventually([&] { return done.load(); }));
  std::this_thread::yield();
  pool.push(job_named("never"));
  pool.finish();
  const auto names = drain(pool);
  EXPECT_EQ(pool.push(job_named("late")), Pool::Push::finishing);
  EXPECT_TRUE(std::find(names.begin(), names.end(), "never") == names.end());
  EXPECT_TRUE(eventually([&] { return saw_cancel.load(); }));
}

TEST(Pool, CancelEndsEveryWait) {
  Pool pool(
      [](Job, Cancel& cancel) {
        cancel.sleep(1h);
        return Outcome{};
      },
      {1, Order::input});
  pool.push(job_named("a"));
  pool.push(job_named("b"));
  pool.start();
  std::thread producer([&] { EXPECT_EQ(pool.push(job_named("c")), Pool::Push::cancelled); });
  std::thread consumer([&] { EXPECT_FALSE(pool.next()); });
  pool.cancel();
  producer.join();
  consumer.join();
  EXPECT_FALSE(pool.first());
}

TEST(Pool, AHungWorkerIsLeftToEndAlone) {
  auto gate = std::make_shared<Gate>();
  auto held = std::make_shared<int>(0);
  std::weak_ptr<int> watch = held;
  std::atomic<bool> hanging = false;
  const auto before = std::chrono::steady_clock::now();
  {
    Pool pool(
        [gate, held, &hanging](Job, Cancel&) {
          hanging = true;
          gate->pass_deaf();
          return Outcome{};
        },
        {1, Order::input});
    held.reset();
    pool.push(job_named("a"));
    pool.start();
    ASSERT_TRUE(eventually([&] { return hanging.load(); }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  EXPECT_FALSE(watch.expired());
  gate->open();
  EXPECT_TRUE(eventually([&] { return watch.expired(); }));
}

TEST(Pool, MayBeDroppedByItsOwnWorker) {
  std::shared_ptr<Pool> pool;
  std::atomic<bool> dropped = false;
  Gate ready;
  pool = std::make_shared<Pool>(
      [&](Job, Cancel&) {
        ready.pass_deaf();
        pool.reset();
        dropped = true;
        return Outcome{};
      },
      Pool::Options{2, Order::input});
  pool->push(job_named("a"));
  pool->start();
  ready.open();
  EXPECT_TRUE(eventually([&] { return dropped.load(); }));
}

TEST(Pool, NoWorkersMeansOne) {
  Pool pool(at_once, {0, Order::input});
  pool.push(job_named("a"));
  pool.end();
  pool.start();
  EXPECT_EQ(drain(pool).size(), 1u);
}

// --- chains --------------------------------------------------------------------------------------

TEST(PoolChain, OneAfterAnotherWhileOtherChainsRun) {
  Bench bench;
  Pool pool(at(bench), {3, Order::input});
  for (const char* chain : {"a", "b"})
    for (int i = 1; i <= 2; ++i)
      pool.push(link_of(chain, i));
  pool.push(job_named("free"));
  pool.end();
  pool.start();
  EXPECT_TRUE(bench.is_running({"a1", "b1", "free"}));
  bench.end("b1");
  EXPECT_TRUE(bench.is_running({"a1", "b2", "free"}));
  bench.end("free");
  EXPECT_TRUE(bench.is_running({"a1", "b2"})); // a2 waits though a worker is idle
  bench.end("a1");
  EXPECT_TRUE(bench.is_running({"a2", "b2"}));
  bench.end_all();
  EXPECT_EQ(drain(pool), (std::vector<std::string>{"a1", "a2", "b1", "b2", "free"}));
}

TEST(PoolChain, AThreadBeginsWhenThereIsAShotForIt) {
  const auto threads = [] {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  const auto before = threads();
  Bench bench;
  Pool pool(at(bench), {64, Order::input});
  for (int i = 1; i <= 3; ++i)
    pool.push(link_of("a", i));
  pool.start();
  EXPECT_TRUE(bench.is_running({"a1"}));
  EXPECT_EQ(threads(), before + 1);
  pool.push(job_named("b"));
  pool.push(job_named("c"));
  EXPECT_TRUE(bench.is_running({"a1", "b", "c"}));
  EXPECT_EQ(threads(), before + 3);
  pool.end();
  bench.end_all();
  EXPECT_EQ(drain(pool).size(), 5u);
}

TEST(PoolChain, EachGoesOnFromTheOneBefore) {
  Bench bench;
  bench.fails = "a2";
  bench.end_all();
  Pool pool(at(bench), {1, Order::input});
  pool.push(link_of("a", 1));
  pool.push(link_of("b", 1));
  pool.start();
  std::thread producer([&] {
    pool.push(link_of("a", 2));
    pool.push(job_named("free"));
    pool.push(link_of("a", 3));
    pool.push(link_of("a", 4));
    pool.push(link_of("b", 2));
    pool.end();
  });
  EXPECT_EQ(drain(pool).size(), 7u);
  producer.join();
  EXPECT_EQ(bench.seen.lock()->before,
            (std::vector<std::string>{"", "", "a1.mp4", "", "", "a3.mp4", "b1.mp4"}));
}

TEST(PoolChain, OfManyChainsTheOldestIsForgotten) {
  Bench bench;
  bench.end_all();
  Pool pool(at(bench), {1, Order::input});
  pool.start();
  // Their names fall, so that the oldest is not the first by name.
  const auto name = [](size_t number) { return "chain" + std::to_string(9999 - number) + "."; };
  std::thread producer([&] {
    for (size_t i = 0; i <= Pool::kMaxRemembered; ++i)
      pool.push(link_of(name(i), 1));
    pool.push(link_of(name(1), 2)); // the first of all is gone, the second is not
    pool.push(link_of(name(0), 2));
    pool.end();
  });
  EXPECT_EQ(drain(pool).size(), Pool::kMaxRemembered + 3);
  producer.join();
  auto before = bench.seen.lock()->before;
  EXPECT_EQ(before.back(), "");
  EXPECT_EQ(before[before.size() - 2], name(1) + "1.mp4");
}

TEST(PoolChain, MoreChainsThanWorkersTakeTurns) {
  Bench bench;
  Pool pool(at(bench), {2, Order::ready});
  for (int i = 1; i <= 2; ++i)
    for (const char* chain : {"a", "b", "c"})
      pool.push(link_of(chain, i));
  pool.end();
  pool.start();
  EXPECT_TRUE(bench.is_running({"a1", "b1"}));
  bench.end("b1");
  EXPECT_TRUE(bench.is_running({"a1", "c1"}));
  EXPECT_EQ(pool.next()->shot.id, "b1");
  bench.end("c1");
  EXPECT_TRUE(bench.is_running({"a1", "b2"}));
  EXPECT_EQ(pool.next()->shot.id, "c1");
  bench.end_all();
  EXPECT_EQ(drain(pool).size(), 4u);
}

TEST(PoolChain, ALongChainLeavesRoomForTheNext) {
  Bench bench;
  Pool pool(at(bench), {2, Order::input});
  pool.start();
  std::atomic<unsigned> taken = 0;
  std::thread producer([&] {
    for (int i = 0; i < 20; ++i, ++taken)
      pool.push(link_of("a", i));
    for (int i = 0; i < 20; ++i, ++taken)
      pool.push(link_of("b", i));
    pool.end();
  });
  EXPECT_TRUE(bench.is_running({"a0", "b0"}));
  EXPECT_TRUE(eventually([&] { return taken == Pool::kMaxChained; }));
  bench.end_all();
  const auto names = drain(pool);
  producer.join();
  ASSERT_EQ(names.size(), 40u);
  EXPECT_EQ(names.front(), "a0");
  EXPECT_EQ(names.back(), "b19");
}

TEST(PoolChain, CancelEndsAChainThatWaits) {
  Bench bench;
  auto pool = std::make_unique<Pool>(at(bench), Pool::Options{4, Order::input});
  for (int i = 1; i <= 3; ++i)
    pool->push(link_of("a", i));
  pool->start();
  EXPECT_TRUE(bench.is_running({"a1"}));
  std::thread consumer([&] { EXPECT_FALSE(pool->next()); });
  pool->cancel();
  consumer.join();
  pool.reset();
  EXPECT_EQ(bench.seen.lock()->begun, std::vector<std::string>{"a1"});
}

TEST(PoolChain, FinishBeginsNoFurtherLink) {
  Bench bench;
  Pool pool(at(bench), {2, Order::input});
  for (int i = 1; i <= 3; ++i)
    pool.push(link_of("a", i));
  pool.push(job_named("free"));
  pool.start();
  EXPECT_TRUE(bench.is_running({"a1", "free"}));
  bench.end("free");
  EXPECT_TRUE(bench.is_running({"a1"}));
  pool.finish();
  const auto names = drain(pool);
  EXPECT_TRUE(std::find(names.begin(), names.end(), "free") != names.end());
  EXPECT_EQ(bench.seen.lock()->begun.size(), 2u);
}
