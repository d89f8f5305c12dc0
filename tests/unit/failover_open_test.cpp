// SPDX-License-Identifier: LGPL-2.1-or-later
// Who must not be asked, since somebody may be paid already.
#include "failover_rig.h"

using namespace failover_rig;

TEST_F(FailoverTest, AGatewayOnAPrivateAddressMayBill) {
  one->is_private = true;
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_TRUE(error().open);
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, WhoeverIsAskedForTheSameMeanwhileWaitsAndFindsIt) {
  const Failover others({services.candidates()[1], services.candidates()[0]}, health);
  std::promise<void> reached, release;
  DriverOptions slow = options; // nothing is in the journal yet
  slow.reached = [&](Step step) {
    if (step != Step::locked) return;
    reached.set_value();
    release.get_future().wait();
  };
  const auto make = [this](const Failover& from, const DriverOptions& how) {
    return from.make([this](size_t) { return request; }, how, cancel, [](int) {}, {});
  };
  auto first = std::async(std::launch::async, [&] { return make(services, slow); });
  reached.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return make(others, options); });
  EXPECT_EQ(second.wait_for(100ms), std::future_status::timeout);
  release.set_value();
  EXPECT_EQ(first.get().by, 0u);
  const auto found = second.get();
  EXPECT_EQ(found.by, 1u); // the same one
  EXPECT_TRUE(found.done.provenance.cache_hit);
  EXPECT_EQ(one->submits + two->submits, 1);
}

TEST_F(FailoverTest, AWaitForTheOthersEndsWithACancel) {
  one->takes = 300ms;
  auto first = std::async(std::launch::async, [this] { return make().by; });
  while (one->submits == 0)
    std::this_thread::sleep_for(1ms);
  Cancel stop;
  auto second = std::async(std::launch::async, [&] {
    return services.make([this](size_t) { return request; }, options, stop, [](int) {}, {}).by;
  });
  EXPECT_EQ(second.wait_for(20ms), std::future_status::timeout);
  stop.cancel();
  EXPECT_THROW(second.get(), Error);
  EXPECT_EQ(first.wait_for(0ms), std::future_status::timeout);
  EXPECT_EQ(first.get(), 0u);
}

TEST_F(FailoverTest, WhatSomebodyElseIsAskingOneForIsWaitedFor) {
  auto theirs =
      std::make_optional<KeyLock>(ResultStore(folder.path()).lock_folder(), key(*one), cancel);
  options.timeout = 200ms;
  auto made = std::async(std::launch::async, [&] {
    return services.make([this](size_t) { return request; }, options, cancel, [](int) {}, {}).by;
  });
  EXPECT_EQ(made.wait_for(2 * options.timeout), std::future_status::timeout);
  theirs.reset();
  EXPECT_EQ(made.get(), 0u);
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, WhatIsOpenAtAnotherAddressIsThatCandidates) {
  const auto other = std::make_shared<NamedBackend>("one");
  other->host = "two.test";
  const Failover same({{Driver(one, ResultStore(folder.path())), ""},
                       {Driver(other, ResultStore(folder.path())), ""},
                       {Driver(two, ResultStore(folder.path())), ""}},
                      health);
  ASSERT_EQ(key(*one), key(*other));
  const auto ask = [this](size_t) { return request; };
  journal.write(key(*one), {.state = JournalEntry::State::task,
                            .call = "theirs",
                            .service = "one",
                            .host = "two.test",
                            .task = "task-7"});
  const auto made = same.make(
      ask, options, cancel, [](int) {}, [](const Error&) {});
  EXPECT_EQ(made.by, 1u);
  EXPECT_EQ(other->polled, "task-7");
  next();
  journal.write(key(*one), {.state = JournalEntry::State::task,
                            .call = "nobodys",
                            .service = "one",
                            .host = "three.test",
                            .task = "task-8"});
  const Error told = error(); // of one and two
  EXPECT_EQ(told.fault, Fault::settings);
  EXPECT_NE(std::string(told.what()).find("three.test"), std::string::npos) << told.what();
  EXPECT_EQ(one->submits + other->submits + two->submits, 0);
}

TEST_F(FailoverTest, WhatIsOpenOnAnotherAccountIsThatCandidates) {
  const auto other = std::make_shared<NamedBackend>("one");
  const Failover same({{Driver(one, ResultStore(folder.path())), ""},
                       {Driver(other, ResultStore(folder.path())), ""}},
                      health);
  const auto make = [&] {
    return same.make([this](size_t) { return request; }, options, cancel, [](int) {},
                     [](const Error&) {});
  };
  one->failures = 1;
  other->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_THROW(make(), Error);
  other->polls_needed = one->polls_needed = 1;
  options.timeout = 10s;
  EXPECT_EQ(make().by, 1u);
  EXPECT_EQ(other->submits, 1);
}

TEST_F(FailoverTest, WhatIsOpenWhereNobodyIsStopsAlsoWhileItsServiceRests) {
  wear_out(*one);
  const int asked = two->submits;
  journal.write(key(*one), {.state = JournalEntry::State::task,
                            .call = "nobodys",
                            .service = "one",
                            .host = "three.test",
                            .task = "task-8"});
  EXPECT_EQ(error().fault, Fault::settings);
  EXPECT_EQ(two->submits, asked);
}

TEST_F(FailoverTest, ATaskWrittenOffThatMayBeBilledIsNobodyElsesInThisRun) {
  one->polls_needed = 1;
  one->poll_failure = Error(Fault::not_found, "no such task");
  one->poll_failure.ended = true;
  one->failed_polls = 1;
  const Error lost = error();
  EXPECT_EQ(lost.fault, Fault::not_found);
  EXPECT_TRUE(lost.open);
  EXPECT_EQ(two->submits, 0);
  EXPECT_FALSE(journal.has(key(*one)));
  next();
  one->free = true;
  one->failed_polls = 1;
  EXPECT_EQ(make().by, 1u);
}

TEST_F(FailoverTest, AnUnclearCallOfARunBeforeKeepsTheOthersOutOfThisOne) {
  journal.write(key(*one), {.call = "old", .service = "one", .host = "one.test", .sent = 1});
  one->failures = 1;
  EXPECT_TRUE(error().open); // written off, ordered anew, refused
  EXPECT_EQ(one->submits, 1);
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, WhatIsStoredDamagedIsNotFinished) {
  one->failures = 1;
  request.role = Role::picture;
  request.model = "p";
  two->picture = png();
  EXPECT_EQ(make().by, 1u);
  const auto stored = ResultStore(folder.path()).find(key(*two), Role::picture);
  ASSERT_TRUE(stored);
  size_t spoilt = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder.path() + "/results"))
    if (file.is_regular_file() && file.path().extension() != ".json")
      std::ofstream(file.path()) << "spoilt", ++spoilt;
  ASSERT_EQ(spoilt, 1u);
  one->picture = png();
  EXPECT_EQ(make().by, 0u);
  EXPECT_EQ(two->submits, 1);
}
