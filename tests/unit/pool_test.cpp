// SPDX-License-Identifier: LGPL-2.1-or-later
// Pool: bounds, both orders, events in their places, finish, cancel, and workers that hang.
#include "stage/pool.h"
#include "stage_fake.h"

#include <gtest/gtest.h>
#include <random>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

Job job_named(const std::string& id) {
  Job job;
  job.shot.id = id;
  return job;
}

Outcome product_of(const Job& job) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::product;
  outcome.shot = job.shot;
  return outcome;
}

Outcome at_once(Job job, Cancel&) {
  return product_of(job);
}

Ref<GstEvent> event_named(const char* name) {
  return adopt(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name)));
}

std::string name_of(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::event)
    return gst_structure_get_name(gst_event_get_structure(outcome.event.get()));
  return outcome.shot.id;
}

std::vector<std::string> drain(Pool& pool) {
  std::vector<std::string> names;
  while (auto outcome = pool.next())
    names.push_back(name_of(*outcome));
  return names;
}

} // namespace

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
