// SPDX-License-Identifier: LGPL-2.1-or-later
// Limiter: places and turns in the order they were asked for, rates, holding off, giving up.
#include "net/backoff.h"
#include "net/limiter.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

using namespace aigc;
using namespace std::chrono_literals;
using Clock = Limiter::Clock;

namespace {

constexpr auto kNever = Clock::time_point::max();

Fault fault_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.fault;
  }
  return Fault::settings;
}

} // namespace

TEST(Limiter, LetsInAsManyAsItHasPlaces) {
  const auto limiter = std::make_shared<Limiter>(0, 2);
  Cancel cancel;
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const auto slot = Limiter::enter(limiter, cancel, kNever);
      const int now = ++inside;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(2ms);
      --inside;
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(most, 2);
}

TEST(Limiter, FirstComeFirstServed) {
  const auto limiter = std::make_shared<Limiter>(0, 1);
  Cancel cancel;
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  {
    const auto slot = Limiter::enter(limiter, cancel, kNever);
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        const auto place = Limiter::enter(limiter, cancel, kNever);
        std::lock_guard guard(mutex);
        order.push_back(i);
      });
      std::this_thread::sleep_for(20ms); // stands in the line before the next comes
    }
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(Limiter, TurnsComeInTheOrderOfTheAskingEvenWhenSomeGiveUp) {
  Limiter limiter(1.9, 0); // one at a time
  Cancel stays, leaves;
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  limiter.pace(stays, kNever);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      fault_of([&] {
        limiter.pace(i == 0 ? leaves : stays, kNever);
        std::lock_guard guard(mutex);
        order.push_back(i);
      });
    });
    std::this_thread::sleep_for(20ms); // stands in the line before the next comes
  }
  leaves.cancel();
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Limiter, AFreePlaceGoesToTheFirstOfManyWhoeverLeaves) {
  constexpr int kMany = 40;
  const auto limiter = std::make_shared<Limiter>(0, 2);
  Cancel stays, leaves;
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  auto first = Limiter::enter(limiter, stays, kNever);
  auto second = Limiter::enter(limiter, stays, kNever);
  for (int i = 0; i < kMany; ++i) {
    threads.emplace_back([&, i] {
      const bool goes = i % 3 == 0;
      fault_of([&] {
        const auto slot = Limiter::enter(limiter, goes ? leaves : stays, kNever);
        std::lock_guard guard(mutex);
        order.push_back(i);
      });
    });
    std::this_thread::sleep_for(5ms); // stands in the line before the next comes
  }
  leaves.cancel();
  for (int i = 0; i < kMany; i += 3)
    threads[static_cast<size_t>(i)].join();
  first = {};
  for (auto& thread : threads)
    if (thread.joinable()) thread.join();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 26u);
}

TEST(Limiter, NoWindowHoldsMoreThanTheRate) {
  Limiter limiter(20, 0); // 20 in any second
  Cancel cancel;
  std::vector<Clock::time_point> sent;
  const auto began = Clock::now();
  for (int i = 0; i < 41; ++i) {
    limiter.pace(cancel, kNever);
    sent.push_back(Clock::now());
  }
  EXPECT_LT(sent[19] - began, 900ms); // a burst of what the service allows
  for (size_t i = 20; i < sent.size(); ++i)
    EXPECT_GE(sent[i] - sent[i - 20], 1s);
  EXPECT_LT(sent[40] - began, 4s);
}

TEST(Limiter, TwoAMinuteAreHalfAMinuteApart) {
  Limiter limiter(2.0 / 60, 0);
  Cancel cancel;
  limiter.pace(cancel, kNever);
  const auto late = [&](auto wait) {
    return fault_of([&] { limiter.pace(cancel, Clock::now() + wait); });
  };
  EXPECT_EQ(late(30ms), Fault::timeout);
  Limiter fast(2.0 / 0.06, 0); // the same, a thousand times faster, holds 33 a second
  for (int i = 0; i < 33; ++i)
    fast.pace(cancel, Clock::now() + 5s);
  EXPECT_EQ(fault_of([&] { fast.pace(cancel, Clock::now() + 100ms); }), Fault::timeout);
}

TEST(Limiter, ASlowRateSpacesItsCalls) {
  Limiter limiter(1.9, 0); // less than two a second: one at a time
  Cancel cancel;
  limiter.pace(cancel, kNever);
  const auto began = Clock::now();
  limiter.pace(cancel, kNever);
  EXPECT_GE(Clock::now() - began, 500ms);
}

TEST(Limiter, HoldsOffEverybody) {
  Limiter limiter(0, 0);
  Cancel cancel;
  limiter.hold_off(150ms);
  limiter.hold_off(10ms); // does not shorten it
  const auto began = Clock::now();
  limiter.pace(cancel, kNever);
  EXPECT_GE(Clock::now() - began, 140ms);
  limiter.pace(cancel, Clock::now() + 5s);
}

TEST(Limiter, GivesUpWhenCancelledAndLetsTheNextThrough) {
  const auto limiter = std::make_shared<Limiter>(0, 1);
  Cancel first, second;
  auto slot = std::make_unique<Limiter::Slot>(Limiter::enter(limiter, first, kNever));
  auto leaver = std::async(std::launch::async, [&] {
    return fault_of([&] { Limiter::enter(limiter, first, kNever); });
  });
  std::this_thread::sleep_for(20ms);
  auto stayer = std::async(std::launch::async, [&] { Limiter::enter(limiter, second, kNever); });
  std::this_thread::sleep_for(20ms);
  const auto began = Clock::now();
  first.cancel();
  EXPECT_EQ(leaver.get(), Fault::cancelled);
  EXPECT_LT(Clock::now() - began, 1s);
  slot.reset();
  EXPECT_EQ(stayer.wait_for(5s), std::future_status::ready);
}

TEST(Limiter, GivesUpAtTheDeadline) {
  const auto limiter = std::make_shared<Limiter>(0, 1);
  Cancel cancel;
  const auto slot = Limiter::enter(limiter, cancel, kNever);
  EXPECT_EQ(fault_of([&] { Limiter::enter(limiter, cancel, Clock::now() + 30ms); }),
            Fault::timeout);
  limiter->hold_off(1h);
  EXPECT_EQ(fault_of([&] { limiter->pace(cancel, Clock::now() + 30ms); }), Fault::timeout);
  cancel.cancel();
  EXPECT_EQ(fault_of([&] { limiter->pace(cancel, kNever); }), Fault::cancelled);
}

TEST(Limiter, MovedPlacesAreGivenBackOnce) {
  const auto limiter = std::make_shared<Limiter>(0, 1);
  Cancel cancel;
  Limiter::Slot kept;
  {
    Limiter::Slot slot = Limiter::enter(limiter, cancel, kNever);
    kept = std::move(slot);
  }
  EXPECT_EQ(fault_of([&] { Limiter::enter(limiter, cancel, Clock::now() + 10ms); }),
            Fault::timeout);
  kept = Limiter::Slot();
  Limiter::enter(limiter, cancel, Clock::now() + 5s);
}

TEST(Limiter, HalvesItsPlacesWhenAskedTooFastAndGrowsBackOneByOne) {
  constexpr auto gap = 30ms;
  const auto limiter = std::make_shared<Limiter>(0, 8, gap);
  Cancel cancel;
  std::vector<Limiter::Slot> slots;
  for (int i = 0; i < 8; ++i)
    slots.push_back(Limiter::enter(limiter, cancel, kNever));
  const auto sent = Clock::now();
  EXPECT_EQ(limiter->concurrent_now(), 8u);
  for (int i = 0; i < 8; ++i)
    limiter->slow_down(sent); // one burst
  EXPECT_EQ(limiter->concurrent_now(), 4u);
  slots.resize(4);
  EXPECT_EQ(fault_of([&] { Limiter::enter(limiter, cancel, Clock::now() + 10ms); }),
            Fault::timeout);
  limiter->slow_down(Clock::now());
  limiter->slow_down(Clock::now());
  limiter->slow_down(Clock::now());
  EXPECT_EQ(limiter->concurrent_now(), 1u) << "never none";
  limiter->succeeded();
  EXPECT_EQ(limiter->concurrent_now(), 1u) << "too soon";
  slots.clear();
  unsigned now = 1;
  for (int successes = 0; now < 8; ++successes) {
    ASSERT_LT(successes, 200);
    if (successes % 4 == 0) std::this_thread::sleep_for(gap);
    limiter->succeeded();
    const unsigned next = limiter->concurrent_now();
    EXPECT_LE(next, now + 1);
    now = next;
  }
  for (int i = 0; i < 50; ++i)
    limiter->succeeded();
  EXPECT_EQ(limiter->concurrent_now(), 8u) << "never more than the table says";
}

TEST(Limiter, OneWithoutPlacesGetsSomeWhileItIsAskedTooFast) {
  const auto limiter = std::make_shared<Limiter>(0, 0, 0ms);
  Cancel cancel;
  std::vector<Limiter::Slot> slots;
  for (int i = 0; i < 6; ++i)
    slots.push_back(Limiter::enter(limiter, cancel, kNever));
  limiter->slow_down(Clock::now());
  EXPECT_EQ(limiter->concurrent_now(), 3u);
  for (int i = 0; i < 3 + 4 + 5; ++i)
    limiter->succeeded();
  EXPECT_EQ(limiter->concurrent_now(), 0u);
}

TEST(Limiter, SaysHowLongItHoldsOff) {
  Limiter limiter(0, 0);
  EXPECT_EQ(limiter.held_for(), 0ns);
  limiter.hold_off(10s);
  EXPECT_GT(limiter.held_for(), 9s);
}

TEST(Limiter, IsSharedByHostAccountAndGroup) {
  const LimiterKey key{"host", "account", "group"};
  const auto one = Limiter::shared(key, 1, 1);
  EXPECT_EQ(one, Limiter::shared(key, 5, 5));
  EXPECT_NE(one, Limiter::shared({"host", "other", "group"}, 1, 1));
  std::weak_ptr<Limiter> unused = Limiter::shared({"host", "0", "unused"}, 0, 1);
  for (int i = 0; i < 200; ++i)
    Limiter::shared({"host", std::to_string(i), "many"}, 0, 1);
  EXPECT_TRUE(unused.expired());
  EXPECT_EQ(one, Limiter::shared(key, 1, 1)) << "somebody holds it";
}

TEST(Backoff, GrowsWithJitterUpToHalfAMinute) {
  for (unsigned tries = 0; tries < 40; ++tries) {
    const auto longest =
        std::min<std::chrono::milliseconds>(500ms * (1 << std::min(tries, 12u)), 30s);
    bool differs = false;
    const auto first = backoff(tries);
    for (int i = 0; i < 50; ++i) {
      const auto wait = backoff(tries);
      EXPECT_GE(wait, longest / 2);
      EXPECT_LE(wait, longest);
      differs = differs || wait != first;
    }
    EXPECT_TRUE(differs);
  }
}

TEST(Backoff, IsNotBeforeWhatTheServiceAskedForAndNotAllAtOnce) {
  bool differs = false;
  for (int i = 0; i < 50; ++i) {
    const auto wait = backoff(0, 20s);
    EXPECT_GE(wait, 20s);
    EXPECT_LE(wait, 22s);
    differs = differs || wait != backoff(0, 20s);
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(backoff(6, 1ms), 10s);
}
