// SPDX-License-Identifier: LGPL-2.1-or-later
// When a service rests, who probes it, and how those wait who have nobody else. Time is the test's.
#include "base/error.h"
#include "service/health.h"

#include <algorithm>
#include <array>
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
      health.failed(key, Error(Fault::read, "refuses connections"));
  }
  auto deadline(Health::Clock::duration limit) { return health.now() + limit; }
};

Error failure(Fault fault, int status = 0) {
  Error error(fault, "");
  error.http_status = status;
  return error;
}

} // namespace

TEST_F(HealthTest, FiveFailuresInARowAreOneTooMany) {
  fail(kOne, 4);
  EXPECT_FALSE(health.rests(kOne));
  EXPECT_FALSE(health.why(kOne));
  pass(20min); // clips take that long
  fail(kOne, 1);
  EXPECT_TRUE(health.rests(kOne));
  EXPECT_STREQ(health.why(kOne)->what(), "refuses connections");
  EXPECT_FALSE(health.rests(kTwo)); // another host
}

TEST_F(HealthTest, OneRefusedKeyIsEnough) {
  health.failed(kOne, Error(Fault::not_authorized, "refused the key"), Health::Rest::at_once);
  EXPECT_TRUE(health.rests(kOne));
  for (int i = 0; i < 5; ++i) {
    pass(59s);
    EXPECT_FALSE(health.begin_probe(kOne));
    pass(1s);
    ASSERT_TRUE(health.begin_probe(kOne));
    health.end_probe(kOne, Health::Probed::down);
  }
}

TEST_F(HealthTest, TheStagesOfAServiceRestByThemselves) {
  HealthKey writer = kOne, camera = kOne;
  writer.stage = "prompt", camera.stage = "video";
  fail(camera, 5);
  EXPECT_TRUE(health.rests(camera));
  EXPECT_FALSE(health.rests(writer));
  health.succeeded(writer);
  EXPECT_TRUE(health.rests(camera));
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

TEST_F(HealthTest, OneProbesAtATimeLessAndLessOften) {
  EXPECT_FALSE(health.begin_probe(kOne));
  fail(kOne, 5);
  pass(4999ms);
  EXPECT_FALSE(health.begin_probe(kOne));
  pass(5001ms); // at most twice the first
  EXPECT_TRUE(health.begin_probe(kOne));
  EXPECT_FALSE(health.begin_probe(kOne)); // somebody is at it
  pass(5s);
  health.end_probe(kOne, Health::Probed::down);
  pass(4999ms);
  EXPECT_FALSE(health.begin_probe(kOne));
  pass(20s);
  EXPECT_TRUE(health.begin_probe(kOne));
  health.end_probe(kOne, Health::Probed::unknown); // given up: the next one may
  EXPECT_TRUE(health.begin_probe(kOne));
  health.end_probe(kOne, Health::Probed::well);
  EXPECT_FALSE(health.rests(kOne));
  fail(kOne, 4); // from the start
  EXPECT_FALSE(health.rests(kOne));
}

TEST_F(HealthTest, ADayOfRestHasAProbeAMinuteAtMost) {
  fail(kOne, 5);
  int probes = 0;
  Health::Clock::duration longest{0}, since{0};
  for (int seconds = 0; seconds < 24 * 3600; ++seconds, pass(1s), since += 1s) {
    if (!health.begin_probe(kOne)) continue;
    health.end_probe(kOne, Health::Probed::down);
    longest = std::max(longest, since);
    since = 0s;
    ++probes;
  }
  EXPECT_LE(longest, 61s);
  EXPECT_GT(probes, 1440); // it is not forgotten
  EXPECT_LT(probes, 3600); // between 5 and 60 s, half a minute in the mean
}

TEST_F(HealthTest, AProbeThatLiesDoesNotShortenThePause) {
  for (int i = 0; i < 10; ++i) {
    fail(kOne, 5);
    pass(60s);
    ASSERT_TRUE(health.begin_probe(kOne));
    health.end_probe(kOne, Health::Probed::well);
  }
  int soon = 0;
  for (int i = 0; i < 20; ++i) {
    fail(kOne, 5);
    pass(6s);
    soon += health.begin_probe(kOne);
    pass(60s);
    health.begin_probe(kOne); // unless it is begun
    health.end_probe(kOne, Health::Probed::well);
  }
  EXPECT_LT(soon, 8) << "5 to 60 s, of which 6 are the least";
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

TEST(IsDown, TellsALockedDoorFromALimitSetHere) {
  EXPECT_TRUE(is_locked_out(failure(Fault::not_authorized, 401)));
  EXPECT_TRUE(is_locked_out(failure(Fault::no_funds, 402)));
  EXPECT_TRUE(is_locked_out(failure(Fault::no_funds, 429))); // a quota
  EXPECT_FALSE(is_locked_out(failure(Fault::read, 429)));
  Error own = failure(Fault::no_funds);
  own.code = "max-cost";
  EXPECT_FALSE(is_locked_out(own));
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
