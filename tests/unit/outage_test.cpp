// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel while its services are out: shots wait, nobody is hammered, all are made in the end.
// Pauses are a thousandth of the real ones.
#include "failover_rig.h"

using namespace failover_rig;

namespace {

struct OutageTest : testing::Test {
  std::shared_ptr<NamedBackend> one = std::make_shared<NamedBackend>("one");
  std::shared_ptr<NamedBackend> two = std::make_shared<NamedBackend>("two");
  TempFolder folder;
  Health health{Health::Clock::now, {5ms, 60ms}};
  Failover services{{{Driver(one, ResultStore(folder.path())), "", "prompt"}}, health};
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms, .max_retries = 0};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;
  std::mutex mutex;
  std::vector<std::string> news;

  OutageTest() {
    options.when_out = [] { return WhenOut::wait; };
    options.news = [this](const ServiceNews& said) {
      std::lock_guard guard(mutex);
      news.push_back((said.rests ? "resting " : "back ") + said.service + " " + said.reason);
    };
  }

  Failover::Made make(const Failover& from, gint64 take = 0) {
    Request own = request;
    own.take = take;
    return from.make([&](size_t) { return own; }, options, cancel, [](int) {}, [](auto&) {});
  }
  Failover::Made make(gint64 take = 0) { return make(services, take); }
  std::future<std::optional<Error>> begin(gint64 take = 0) {
    return std::async(std::launch::async, [this, take]() -> std::optional<Error> {
      try {
        make(take);
        return std::nullopt;
      } catch (const Error& error) {
        return error;
      }
    });
  }
  std::optional<Error> failure(gint64 take = 0) { return begin(take).get(); }
  bool is_told(const std::vector<std::string>& expected) {
    std::lock_guard guard(mutex);
    EXPECT_EQ(news, expected);
    return news == expected;
  }
};

constexpr auto kAWhile = 400ms; // nearly seven minutes at the real pace

} // namespace

TEST_F(OutageTest, AllShotsWaitWhileTheServiceIsGoneAndAreMadeWhenItIsBack) {
  one->failures = 1'000'000;
  std::vector<std::future<std::optional<Error>>> shots;
  for (int i = 0; i < 8; ++i)
    shots.push_back(begin(i));
  std::this_thread::sleep_for(kAWhile);
  const int asked = one->submits;
  EXPECT_LE(asked, 16) << "each a time or two, until it was sent to rest";
  EXPECT_GE(one->probes, 5);
  EXPECT_LE(one->probes, 80) << "5 ms at least between two of them";
  EXPECT_TRUE(services.rests());
  is_told({"resting one down"});
  one->failures = 0;
  one->probes_well = true;
  for (auto& shot : shots) {
    ASSERT_EQ(shot.wait_for(5s), std::future_status::ready);
    EXPECT_FALSE(shot.get());
  }
  EXPECT_EQ(one->submits - asked, 8);
  EXPECT_FALSE(services.rests());
  is_told({"resting one down", "back one down"});
}

TEST_F(OutageTest, AFilmFailsAtOnce) {
  options.when_out = {};
  one->failures = 1'000'000;
  for (int i = 0; i < 7; ++i)
    EXPECT_TRUE(failure(i));
  EXPECT_EQ(one->submits, 7);
  EXPECT_EQ(one->probes, 0);
  is_told({});
}

TEST_F(OutageTest, AProbeThatLiesCostsOneCallEach) {
  one->failures = 1'000'000;
  one->probes_well = true; // it lists its models, and makes nothing
  auto first = begin(0), second = begin(1);
  std::this_thread::sleep_for(kAWhile);
  EXPECT_LE(one->submits - 2, one->probes + int(Health::kFailures));
  EXPECT_LE(one->submits, 80);
  one->failures = 0;
  for (auto* shot : {&first, &second})
    ASSERT_EQ(shot->wait_for(5s), std::future_status::ready);
}

TEST_F(OutageTest, OneTriesBeforeAllDo) {
  one->failures = 1'000'000;
  std::vector<std::future<std::optional<Error>>> shots;
  for (int i = 0; i < 6; ++i)
    shots.push_back(begin(i));
  while (!services.rests())
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(30ms);
  const int before = one->submits;
  one->takes = 100ms;
  one->failures = 0;
  one->probes_well = true;
  while (one->submits == before)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(one->submits, before + 1);
  for (auto& shot : shots)
    EXPECT_FALSE(shot.get());
}

TEST_F(OutageTest, AKeyThatIsRefusedIsAskedOnce) {
  for (const Error& refused : {refusal(Fault::not_authorized, 401), refusal(Fault::no_funds, 402),
                               refusal(Fault::not_authorized, 403)}) {
    const int before = one->submits;
    one->failures = 1'000'000;
    one->failure = refused;
    one->probes_well = false;
    news.clear();
    auto shot = begin(before);
    while (!services.rests())
      std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(kAWhile);
    EXPECT_EQ(one->submits, before + 1);
    is_told({"resting one refused"});
    one->failures = 0;
    one->probes_well = true;
    EXPECT_FALSE(shot.get());
    EXPECT_EQ(one->submits, before + 2);
  }
}

TEST_F(OutageTest, WhatIsTheShotsOwnFaultIsLeftOut) {
  one->failures = 3;
  one->failure = refusal(Fault::moderation, 400);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(failure(i)->fault, Fault::moderation);
  EXPECT_FALSE(failure(3));
  EXPECT_EQ(one->submits, 4);
  is_told({});
}

TEST_F(OutageTest, AListOfNothingButRefusalsIsNotRunThrough) {
  one->failures = 1'000'000;
  one->probes_well = true;
  one->failure = refusal(Fault::settings, 400);
  std::atomic<int> left_out{0};
  std::thread list([&] {
    for (gint64 row = 0; !cancel.cancelled(); ++row)
      left_out += failure(row).has_value();
  });
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(kAWhile); // with pauses up to 60 ms, five rows each
  cancel.cancel();
  list.join();
  const auto whiles = (std::chrono::steady_clock::now() - start) / kAWhile + 1;
  EXPECT_GE(left_out, 5);
  EXPECT_LE(one->submits, 150 * whiles);
}

TEST_F(OutageTest, AShotThatAlwaysBreaksTheServiceIsGivenUp) {
  one->failures = 1'000'000;
  one->probes_well = true;
  const auto error = failure();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->requests, unsigned(one->submits));
  EXPECT_LE(one->submits, int(Health::kFailures) + 4);
}

TEST_F(OutageTest, ALostOrderIsNotSentAgain) {
  one->failures = 1;
  one->failure = ScriptedBackend::lost();
  const auto error = failure();
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->unclear);
  EXPECT_EQ(one->submits, 1);
}

TEST_F(OutageTest, ATaskIsGoneOnWithAfterItsServiceWasLocked) {
  one->polls_needed = 1;
  one->failed_polls = 1;
  one->poll_failure = refusal(Fault::not_authorized, 401);
  one->probes_well = true;
  EXPECT_FALSE(failure());
  EXPECT_EQ(one->submits, 1) << "ordered once";
}

TEST_F(OutageTest, ATaskIsNotLookedAtWhileItsServiceRests) {
  one->polls_needed = 1;
  one->failed_polls = 1'000'000;
  one->poll_failure = refusal(Fault::not_authorized, 401);
  auto shot = begin();
  std::this_thread::sleep_for(kAWhile);
  EXPECT_EQ(1'000'000 - one->failed_polls, 1);
  EXPECT_EQ(shot.wait_for(0s), std::future_status::timeout);
  one->failed_polls = 0;
  one->probes_well = true;
  EXPECT_FALSE(shot.get());
  EXPECT_EQ(one->submits, 1);
}

TEST_F(OutageTest, AWaitThatTheServiceNamesIsWaited) {
  one->failures = 1;
  one->failure.too_fast = true;
  one->failure.retry_after = 200ms;
  options.timeout = 100ms; // the service asks for more
  const auto began = std::chrono::steady_clock::now();
  const auto made = make();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 200ms);
  EXPECT_GE(made.done.rested, 150ms) << "which is not the service's latency";
  EXPECT_EQ(one->submits, 2);
}

TEST_F(OutageTest, ALimitOfTheUsersIsWaitedFor) {
  request.role = Role::picture;
  request.model = "qwen-image"; // 0.25 CNY
  one->picture = png();
  options.max_cost.hour = 1e-6;
  std::atomic<double> now{1e-6};
  options.max_cost_now = [&] { return SpendLimits{.hour = now}; };
  auto shot = begin();
  std::this_thread::sleep_for(kAWhile);
  EXPECT_EQ(shot.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(one->submits, 0);
  EXPECT_EQ(one->probes, 0) << "the service has nothing to do with it";
  EXPECT_TRUE(services.rests());
  is_told({"resting one budget"});
  now = 1e6;
  EXPECT_FALSE(shot.get());
  EXPECT_FALSE(services.rests());
  is_told({"resting one budget", "back one budget"});
}

TEST_F(OutageTest, RoomForOneOfTwoIsNoEndOfTheRest) {
  request.role = Role::picture;
  request.model = "qwen-image";
  one->picture = png();
  options.max_cost.hour = 1e-6;
  std::atomic<double> now{1e-6};
  options.max_cost_now = [&] { return SpendLimits{.hour = now}; };
  auto first = begin(0), second = begin(1);
  std::this_thread::sleep_for(100ms);
  now = Budget::process().spent() + 0.3;
  while (one->submits < 1)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(one->submits, 1);
  EXPECT_TRUE(services.rests());
  is_told({"resting one budget"});
  now = 1e6;
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
  is_told({"resting one budget", "back one budget"});
}

TEST_F(OutageTest, AFullDiskIsWaitedFor) {
  one->failures = 3;
  one->failure = Error(Fault::write, "the disk is full");
  EXPECT_FALSE(failure());
  is_told({"resting one store", "back one store"});
}

TEST_F(OutageTest, TheNextServiceTakesOverAndAllAreWaitedFor) {
  const Failover both({{Driver(one, ResultStore(folder.path())), "", "prompt"},
                       {Driver(two, ResultStore(folder.path())), "", "prompt"}},
                      health);
  one->failures = 1'000'000;
  for (gint64 take = 0; take < 6; ++take)
    EXPECT_EQ(make(both, take).by, 1u);
  EXPECT_TRUE(health.rests(health_key_of(*one, "prompt")));
  EXPECT_FALSE(both.rests());
  two->failures = 1'000'000;
  auto shot = std::async(std::launch::async, [&] { return make(both, 100).by; });
  std::this_thread::sleep_for(kAWhile);
  EXPECT_EQ(shot.wait_for(0s), std::future_status::timeout);
  EXPECT_TRUE(both.rests());
  two->failures = 0;
  two->probes_well = true;
  EXPECT_EQ(shot.get(), 1u);
}

TEST_F(OutageTest, WhereSomethingStandsInARestingServiceIsNotAsked) {
  options.when_out = [] { return WhenOut::pass; };
  one->failures = 1'000'000;
  int take = 0;
  for (; take < 5; ++take)
    EXPECT_TRUE(failure(take));
  EXPECT_EQ(one->submits, 5);
  for (; take < 500; ++take)
    EXPECT_TRUE(failure(take));
  EXPECT_EQ(one->submits, 5);
  one->failures = 0;
  one->probes_well = true;
  std::this_thread::sleep_for(70ms);
  EXPECT_FALSE(failure(take));
}

TEST_F(OutageTest, EveryWaitEndsWithACancel) {
  one->failures = 1'000'000;
  auto down = begin();
  while (!services.rests())
    std::this_thread::sleep_for(1ms);
  cancel.cancel();
  ASSERT_EQ(down.wait_for(1s), std::future_status::ready);
  EXPECT_EQ(down.get()->fault, Fault::cancelled);
}
