// SPDX-License-Identifier: LGPL-2.1-or-later
// When a service rests, who probes it, and how those wait who have nobody else. Time is the test's.
#include "base/error.h"
#include "service/health.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

const HealthKey kOne{"openai", "one:80", "a"};
const HealthKey kTwo{"openai", "two:80", "a"};

struct HealthTest : testing::Test {
  std::atomic<Health::Clock::duration> time{0s};
  Health health{[this] { return Health::Clock::time_point(time.load()); }};
  Cancel cancel;

  void pass(Health::Clock::duration gone) { time = time.load() + gone; }
  void fail(const HealthKey& key, unsigned times) {
    for (unsigned i = 0; i < times; ++i)
      health.failed(key, "refuses connections");
  }
  auto deadline(Health::Clock::duration limit) { return health.now() + limit; }
};

Error failure(Fault fault, int status = 0) {
  Error error(fault, "");
  error.http_status = status;
  return error;
}

} // namespace

TEST_F(HealthTest, FiveFailuresWithinAMinuteAreOneTooMany) {
  fail(kOne, 4);
  EXPECT_FALSE(health.rests(kOne));
  pass(59s);
  fail(kOne, 1);
  EXPECT_TRUE(health.rests(kOne));
  EXPECT_EQ(health.why(kOne), "refuses connections");
  EXPECT_FALSE(health.rests(kTwo)); // another host
}

TEST_F(HealthTest, OldFailuresAreForgotten) {
  for (int i = 0; i < 20; ++i) {
    fail(kOne, 1);
    pass(16s);
  }
  EXPECT_FALSE(health.rests(kOne));
}

TEST_F(HealthTest, ASuccessClearsTheCountAndEndsARest) {
  fail(kOne, 4);
  health.succeeded(kOne);
  fail(kOne, 4);
  EXPECT_FALSE(health.rests(kOne));
  fail(kOne, 1);
  EXPECT_TRUE(health.rests(kOne));
  health.succeeded(kOne); // of a call that was under way
  EXPECT_FALSE(health.rests(kOne));
}

TEST_F(HealthTest, OneProbesAtATimeOnceAMinute) {
  EXPECT_FALSE(health.begin_probe(kOne));
  fail(kOne, 5);
  EXPECT_FALSE(health.begin_probe(kOne));
  pass(59s);
  EXPECT_FALSE(health.begin_probe(kOne));
  pass(1s);
  EXPECT_TRUE(health.begin_probe(kOne));
  EXPECT_FALSE(health.begin_probe(kOne)); // somebody is at it
  pass(5s);
  health.end_probe(kOne, Health::Probed::down);
  pass(59s);
  EXPECT_FALSE(health.begin_probe(kOne));
  pass(1s);
  EXPECT_TRUE(health.begin_probe(kOne));
  health.end_probe(kOne, Health::Probed::unknown); // given up: the next one may
  EXPECT_TRUE(health.begin_probe(kOne));
  health.end_probe(kOne, Health::Probed::well);
  EXPECT_FALSE(health.rests(kOne));
  fail(kOne, 4); // from the start
  EXPECT_FALSE(health.rests(kOne));
}

TEST_F(HealthTest, WaitingEndsWithTheLimit) {
  fail(kOne, 5);
  EXPECT_FALSE(health.wait(std::array{kOne}, cancel, health.now()));
  EXPECT_TRUE(health.wait(std::array{kOne, kTwo}, cancel, health.now())); // kTwo does not rest
  pass(60s);
  EXPECT_TRUE(health.wait(std::array{kOne}, cancel, health.now())); // to be probed
}

TEST_F(HealthTest, AProbeThatSucceedsWakesThoseWhoWait) {
  fail(kOne, 5);
  pass(60s);
  ASSERT_TRUE(health.begin_probe(kOne));
  auto waiter = std::async(std::launch::async,
                           [&] { return health.wait(std::array{kOne}, cancel, deadline(1h)); });
  EXPECT_EQ(waiter.wait_for(50ms), std::future_status::timeout);
  health.end_probe(kOne, Health::Probed::well);
  ASSERT_EQ(waiter.wait_for(5s), std::future_status::ready);
  EXPECT_TRUE(waiter.get());
}

TEST_F(HealthTest, CancelEndsTheWait) {
  fail(kOne, 5);
  auto waiter = std::async(std::launch::async, [&] {
    try {
      health.wait(std::array{kOne}, cancel, deadline(1h));
    } catch (const Error& error) {
      return error.fault;
    }
    return Fault::read;
  });
  EXPECT_EQ(waiter.wait_for(20ms), std::future_status::timeout);
  cancel.cancel();
  ASSERT_EQ(waiter.wait_for(5s), std::future_status::ready);
  EXPECT_EQ(waiter.get(), Fault::cancelled);
}

TEST(IsDown, TellsABrokenServiceFromARefusal) {
  EXPECT_TRUE(is_down(failure(Fault::read)));    // no connection
  EXPECT_TRUE(is_down(failure(Fault::timeout))); // no answer
  EXPECT_TRUE(is_down(failure(Fault::read, 500)));
  EXPECT_TRUE(is_down(failure(Fault::read, 429)));
  EXPECT_FALSE(is_down(failure(Fault::no_funds, 429))); // a quota
  EXPECT_FALSE(is_down(failure(Fault::read, 409)));
  EXPECT_FALSE(is_down(failure(Fault::settings, 422)));
  EXPECT_FALSE(is_down(failure(Fault::moderation, 400)));
  EXPECT_FALSE(is_down(failure(Fault::not_authorized, 401)));
  EXPECT_FALSE(is_down(failure(Fault::damaged)));
  Error failed = failure(Fault::read); // of a task: out of memory, say
  failed.ended = true;
  EXPECT_FALSE(is_down(failed));
}
