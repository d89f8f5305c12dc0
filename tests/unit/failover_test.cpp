// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is asked next, and who rests.
#include "failover_rig.h"

using namespace failover_rig;

TEST_F(FailoverTest, TheFirstMakesItWhenItCan) {
  const auto made = make();
  EXPECT_EQ(made.by, 0u);
  EXPECT_EQ(made.done.provenance.service, "one");
  EXPECT_EQ(two->submits, 0);
  EXPECT_TRUE(warnings.empty());
}

TEST_F(FailoverTest, AnotherMakesItWhenOneIsDownOrRefusesAndTheUserHearsOfItOnce) {
  one->failures = 1'000'000;
  for (const Error& failure :
       {ScriptedBackend::passing("no connection"), refusal(Fault::moderation, 400),
        refusal(Fault::not_authorized, 401), refusal(Fault::no_funds, 402),
        refusal(Fault::not_found, 404), refusal(Fault::settings, 422), refusal(Fault::read, 429),
        refusal(Fault::format, 200)}) {
    one->failure = failure;
    const auto made = make();
    EXPECT_EQ(made.by, 1u);
    EXPECT_EQ(made.done.provenance.service, "two");
    EXPECT_EQ(made.done.requests, 2u);
    next();
  }
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], "one at one.test is down (no connection), two at two.test takes over");
}

TEST_F(FailoverTest, AServiceThatIsAskedTooFastIsLeftAfterItsTries) {
  options.max_retries = 1;
  one->failures = 1'000'000;
  one->failure = ScriptedBackend::passing("too fast");
  one->failure.http_status = 429;
  EXPECT_EQ(make().by, 1u);
  EXPECT_EQ(one->submits, 2);
}

TEST_F(FailoverTest, SketchesArriveFromWhoeverIsAsked) {
  std::vector<GBytes*> seen;
  options.preview = [&](GBytes* sketch) { seen.push_back(sketch); };
  one->sketch = adopt(g_bytes_new_static("one", 3));
  two->sketch = adopt(g_bytes_new_static("two", 3));
  one->failures = 1;
  make();
  EXPECT_EQ(seen, (std::vector<GBytes*>{one->sketch.get(), two->sketch.get()}));
}

TEST_F(FailoverTest, WhoeverCannotMakeItIsLeftOut) {
  refused_by_one = Error(Fault::settings, "its model is too small");
  EXPECT_EQ(make().by, 1u);
  EXPECT_EQ(one->submits, 0);
}

TEST_F(FailoverTest, ALostOrderAtAPaidServiceIsNobodyElses) {
  one->failures = 1;
  one->failure = ScriptedBackend::lost();
  const Error lost = error();
  EXPECT_TRUE(lost.open);
  EXPECT_TRUE(lost.unclear);
  EXPECT_EQ(lost.service, "one");
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, AnOrderThatSurelyNeverArrivedIsFree) {
  one->failures = 1;
  one->failure = ScriptedBackend::lost();
  one->found.answer = Found::Answer::none;
  EXPECT_EQ(make().by, 1u);
}

TEST_F(FailoverTest, ATaskUnderWayAtAPaidServiceIsNobodyElses) {
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  const Error late = error();
  EXPECT_EQ(late.fault, Fault::timeout);
  EXPECT_TRUE(late.open);
  EXPECT_EQ(two->submits, 0);
  one->polls_needed = 1; // the next run goes on with it
  options.timeout = 10s;
  EXPECT_EQ(make().by, 0u);
  EXPECT_EQ(one->submits, 1);
}

TEST_F(FailoverTest, WhatAServerOfOnesOwnLosesCostsNothing) {
  one->free = true;
  one->failures = 1;
  one->failure = ScriptedBackend::lost();
  EXPECT_EQ(make().by, 1u);
  next();
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_EQ(make().by, 1u);
}

TEST_F(FailoverTest, OurOwnLimitsStopAtTheFirst) {
  one->failures = 1'000'000;
  for (const Error& own :
       {Error(Fault::no_funds, "beyond max-cost"), Error(Fault::write, "the disk is full")}) {
    one->failure = own;
    EXPECT_EQ(error().fault, own.fault);
  }
  EXPECT_EQ(two->submits, 0);
  options.max_cost.all = 0.01; // as the driver says it
  request.role = Role::picture;
  request.model = "p";
  const Error dear = error();
  EXPECT_EQ(dear.fault, Fault::no_funds);
  EXPECT_EQ(dear.service, "one"); // added behind that decision
}

TEST_F(FailoverTest, CancelStopsAtTheFirst) {
  one->failures = 1;
  one->failure = Error(Fault::cancelled, "cancelled");
  EXPECT_EQ(error().fault, Fault::cancelled);
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, WhatTheOtherHasBegunOrFinishedIsTakenFromIt) {
  two->polls_needed = 1'000'000;
  one->failures = 1;
  options.timeout = 50ms;
  EXPECT_TRUE(error().open); // the second's task goes on
  two->polls_needed = 1;
  options.timeout = 10s;
  EXPECT_EQ(make().by, 1u);
  EXPECT_EQ(one->submits, 1); // which failed, before
  EXPECT_EQ(two->submits, 1);
  const auto kept = make();
  EXPECT_TRUE(kept.done.provenance.cache_hit);
  EXPECT_EQ(kept.by, 1u);
  EXPECT_EQ(one->submits, 1);
}

TEST_F(FailoverTest, WhatIsFinishedGoesBeforeWhatIsBegun) {
  one->free = true;
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_EQ(make().by, 1u);
  ASSERT_TRUE(journal.has(key(*one)));
  one->polls_needed = 1;
  options.timeout = 10s;
  EXPECT_EQ(make().by, 1u);
  EXPECT_EQ(two->submits, 1);
}

TEST_F(FailoverTest, WhenAllFailTheFirstSaysWhyAndTheOthersAreNamed) {
  one->failures = two->failures = 1'000'000;
  one->failure = refusal(Fault::moderation, 400);
  one->failure.remedy = "change the words";
  two->failure = ScriptedBackend::passing("no connection");
  const Error all = error();
  EXPECT_EQ(all.fault, Fault::moderation);
  EXPECT_EQ(all.service, "one");
  EXPECT_EQ(all.remedy, "change the words");
  EXPECT_EQ(all.requests, 2u);
  EXPECT_STREQ(all.what(), "it said no; two at two.test is down (no connection)");
}

TEST_F(FailoverTest, AServiceThatRestsIsNotAskedAndComesBackByAProbe) {
  wear_out(*one);
  EXPECT_EQ(one->submits, 5);
  EXPECT_EQ(make().by, 1u);
  next();
  EXPECT_EQ(one->submits, 5);
  EXPECT_EQ(one->probes, 0);
  time = 60s;
  EXPECT_EQ(make().by, 1u); // the probe finds it down
  next();
  EXPECT_EQ(make().by, 1u);
  next();
  EXPECT_EQ(one->probes, 1);
  time = 120s;
  one->probes_well = true;
  one->failures = 0;
  EXPECT_EQ(make().by, 0u);
  EXPECT_EQ(one->probes, 2);
  EXPECT_EQ(one->submits, 6);
}

TEST_F(FailoverTest, AProbeThatIsRefusedIsASignOfLife) {
  wear_out(*one);
  time = 60s;
  one->probe_refused = true;
  one->failures = 0;
  EXPECT_EQ(make().by, 0u);
}

TEST_F(FailoverTest, AProbeThatIsCancelledLeavesItToTheNext) {
  wear_out(*one);
  time = 60s;
  one->probe_refused = true;
  one->failures = 0;
  one->probing = [this] { cancel.cancel(); };
  EXPECT_EQ(error().fault, Fault::cancelled);
  EXPECT_TRUE(health.begin_probe(health_key_of(*one)));
}

TEST_F(FailoverTest, RefusalsOfTheContentAreNoReasonToRest) {
  one->failure = refusal(Fault::moderation, 400);
  wear_out(*one);
  make();
  EXPECT_EQ(one->submits, 6);
}

TEST_F(FailoverTest, WhatAServiceHasBegunIsItsOwnAlsoWhileItRests) {
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  const Request begun = request;
  EXPECT_TRUE(error().open);
  next();
  options.timeout = 10s;
  one->polls_needed = 0;
  wear_out(*one, 1);
  ASSERT_TRUE(health.rests(health_key_of(*one)));
  request = begun;
  one->polls_needed = 1;
  EXPECT_EQ(make().by, 0u);
  EXPECT_FALSE(health.rests(health_key_of(*one)));
}

TEST_F(FailoverTest, WhenAllRestTheShotWaitsForTheNextProbe) {
  two->failures = 1'000'000;
  wear_out(*one);
  ASSERT_TRUE(health.rests(health_key_of(*one)) && health.rests(health_key_of(*two)));
  const int asked = one->submits + two->submits;
  one->failures = two->failures = 0;
  two->probes_well = true;
  options.timeout = 1h;
  auto shot = std::async(std::launch::async, [this] { return make().by; });
  EXPECT_EQ(shot.wait_for(50ms), std::future_status::timeout);
  time = 61s;
  health.succeeded({"somebody", "else", ""}); // wakes those who wait
  ASSERT_EQ(shot.wait_for(5s), std::future_status::ready);
  EXPECT_EQ(shot.get(), 1u);
  EXPECT_EQ(one->probes, 1);
  EXPECT_EQ(one->submits + two->submits, asked + 1);
}

TEST_F(FailoverTest, TheWaitForAProbeEndsWithTheTimeoutOrACancel) {
  two->failures = 1'000'000;
  wear_out(*one);
  options.timeout = 20ms;
  auto shot = std::async(std::launch::async, [this] { return error(); });
  while (shot.wait_for(5ms) != std::future_status::ready)
    time = time.load() + 10ms;
  const Error late = shot.get();
  EXPECT_EQ(late.fault, Fault::timeout);
  EXPECT_STREQ(late.what(), "no service is up: one at one.test is down (busy); two at two.test is "
                            "down (busy)");
  options.timeout = 1h;
  shot = std::async(std::launch::async, [this] { return error(); });
  EXPECT_EQ(shot.wait_for(20ms), std::future_status::timeout);
  cancel.cancel();
  ASSERT_EQ(shot.wait_for(1s), std::future_status::ready);
  EXPECT_EQ(shot.get().fault, Fault::cancelled);
}

TEST_F(FailoverTest, OneServiceAloneNeverRests) {
  const Failover alone({{Driver(one, ResultStore(folder.path())), ""}}, health);
  one->failures = 6;
  for (int i = 0; i < 6; ++i)
    EXPECT_THROW(alone.make([this](size_t) { return request; }, options, cancel, [](int) {}, {}),
                 Error);
  EXPECT_EQ(one->submits, 6);
  EXPECT_NO_THROW(alone.make([this](size_t) { return request; }, options, cancel, [](int) {}, {}));
}
