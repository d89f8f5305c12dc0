// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is asked next and who must not be: services a test scripts, and a clock of its own.
#include "driver_rig.h"
#include "media/picture.h"
#include "service/failover.h"
#include "store/lock.h"

using namespace driver_rig;

namespace {

class NamedBackend : public ScriptedBackend {
 public:
  explicit NamedBackend(const char* name) : name_(name) {
    host = std::string(name) + ".test";
    is_private = false;
  }
  const char* name() const override { return name_; }
  void probe(Call&) override {
    ++probes;
    if (probing) probing();
    if (probe_refused) throw Error(Fault::settings, "has no list of models");
    if (!probes_well) throw passing("still down");
  }
  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    if (sketch && call.preview) call.preview(sketch.get());
    return ScriptedBackend::submit(request, call);
  }
  Ref<GBytes> sketch;
  std::atomic<int> probes{0};
  bool probes_well = false;
  bool probe_refused = false;
  std::function<void()> probing;

 private:
  const char* name_;
};

Ref<GBytes> png() {
  Cancel cancel;
  return encode_picture({8, 8, std::vector<std::uint8_t>(4 * 8 * 8, 99)}, "image/png", cancel);
}

Error refusal(Fault fault, int status) {
  Error error(fault, "it said no");
  error.service = "one";
  error.http_status = status;
  return error;
}

struct FailoverTest : testing::Test {
  std::shared_ptr<NamedBackend> one = std::make_shared<NamedBackend>("one");
  std::shared_ptr<NamedBackend> two = std::make_shared<NamedBackend>("two");
  TempFolder folder;
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms, .max_retries = 0};
  std::atomic<Health::Clock::duration> time{0s};
  Health health{[this] { return Health::Clock::time_point(time.load()); }};
  Failover services{{{Driver(one, ResultStore(folder.path())), ""},
                     {Driver(two, ResultStore(folder.path())), ""}},
                    health};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;
  Journal journal{folder.path()};
  std::vector<std::string> warnings;
  std::optional<Error> refused_by_one; ///< before it is asked

  Failover::Made make() {
    const auto ask = [this](size_t number) {
      if (number == 0 && refused_by_one) throw Error(*refused_by_one);
      return request;
    };
    return services.make(
        ask, options, cancel, [](int) {},
        [this](const Error& error) { warnings.push_back(error.what()); });
  }
  Error error() {
    try {
      make();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
  std::string key(const Backend& backend) { return request_key(edition_of(backend), request); }
  /// Another shot.
  void next() { ++request.take; }
  void wear_out(NamedBackend& backend, int from = 0) {
    backend.failures = 1'000'000;
    for (int i = from; i < 5; ++i, next())
      try {
        make();
      } catch (const Error&) {
      }
  }
};

} // namespace

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

TEST_F(FailoverTest, AGatewayOnAPrivateAddressMayBill) {
  one->is_private = true;
  one->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_TRUE(error().open);
  EXPECT_EQ(two->submits, 0);
}

TEST_F(FailoverTest, WhoeverIsAskedForTheSameMeanwhileWaitsAndFindsIt) {
  one->takes = 100ms;
  const Failover others({services.candidates()[1], services.candidates()[0]}, health);
  auto first = std::async(std::launch::async, [this] { return make().by; });
  while (one->submits == 0)
    std::this_thread::sleep_for(1ms);
  const auto second =
      others.make([this](size_t) { return request; }, options, cancel, [](int) {}, {});
  EXPECT_EQ(first.get(), 0u);
  EXPECT_EQ(second.by, 1u); // the first of those
  EXPECT_TRUE(second.done.provenance.cache_hit);
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

TEST_F(FailoverTest, WhatSomebodyElseIsAskingOneForIsNobodyElsesAndNoFailure) {
  const KeyLock theirs(ResultStore(folder.path()).lock_folder(), key(*one), cancel,
                       std::chrono::steady_clock::now() + 1s);
  options.timeout = 20ms;
  for (int i = 0; i < 6; ++i) {
    const Error late = error();
    EXPECT_EQ(late.fault, Fault::timeout);
    EXPECT_TRUE(late.open);
  }
  EXPECT_FALSE(health.rests(health_key_of(*one)));
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
  for (const auto& file : fs::recursive_directory_iterator(folder.path()))
    if (file.path().extension() == ".png") std::ofstream(file.path()) << "spoilt", ++spoilt;
  ASSERT_EQ(spoilt, 1u);
  one->picture = png();
  EXPECT_EQ(make().by, 0u);
  EXPECT_EQ(two->submits, 1);
}

TEST_F(FailoverTest, OurOwnLimitsStopAtTheFirst) {
  one->failures = 1'000'000;
  for (const Error& own :
       {Error(Fault::no_funds, "beyond max-cost"), Error(Fault::write, "the disk is full")}) {
    one->failure = own;
    EXPECT_EQ(error().fault, own.fault);
  }
  EXPECT_EQ(two->submits, 0);
  options.max_cost = 0.01; // as the driver says it
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
