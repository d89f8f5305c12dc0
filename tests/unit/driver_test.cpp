// SPDX-License-Identifier: LGPL-2.1-or-later
// The driver against a scripted backend: store, retry, deadline, cancel, budget, verification.
#include "driver_rig.h"

#include <algorithm>

using namespace driver_rig;

TEST_F(DriverTest, TheSecondAskIsAnsweredFromTheStoreAtNoCost) {
  const Done first = run();
  EXPECT_EQ(first.requests, 1u);
  EXPECT_EQ(first.provenance.cost, 0.25);
  EXPECT_EQ(first.provenance.request_id, "r-1");
  const Done second = run();
  EXPECT_EQ(backend->submits, 1);
  EXPECT_EQ(second.requests, 0u);
  EXPECT_EQ(second.result.prompt, "answer 1");
  EXPECT_TRUE(second.provenance.cache_hit);
  EXPECT_EQ(second.provenance.cost, 0);
  EXPECT_EQ(ledger.lines().size(), 1u);
}

TEST_F(DriverTest, TwiceAsManyAreWorthHavingUnderWayAsTheServiceWorksOn) {
  const Pace two{.group = "two", .concurrent = 2}, thousand{.group = "many", .concurrent = 1000};
  EXPECT_EQ(driver.at_once({.name = "m", .max_in_flight = 2, .pace = two}), 4u);
  EXPECT_EQ(driver.at_once({.name = "m", .max_in_flight = 1000, .pace = thousand}), 64u);
  EXPECT_EQ(driver.at_once({.name = "m", .max_in_flight = 8, .pace = thousand}), 8u);
  const Pace three{.group = "three", .concurrent = 3};
  EXPECT_EQ(driver.at_once({.name = "m", .max_in_flight = 2, .pace = three}), 2u);
  EXPECT_EQ(driver.at_once({.name = "m", .max_in_flight = 3}), 3u) << "there is no limit";
}

TEST_F(DriverTest, AnotherTakeOrAnUnusedCacheAsksAgain) {
  run();
  request.take = 1;
  run();
  EXPECT_EQ(backend->submits, 2);
  options.use_cache = false;
  run();
  EXPECT_EQ(backend->submits, 3);
}

TEST_F(DriverTest, APaidCallGoesThroughEveryStepAndLeavesOneLineInTheLedger) {
  backend->polls_needed = 1;
  std::vector<Step> steps;
  std::vector<bool> was_open;
  options.reached = [&](Step step) {
    steps.push_back(step);
    was_open.push_back(is_open());
  };
  run();
  EXPECT_EQ(steps, (std::vector{Step::locked, Step::reserved, Step::intent_written, Step::submitted,
                                Step::task_written, Step::polled_done, Step::downloaded,
                                Step::verified, Step::committed, Step::billed, Step::cleared}));
  EXPECT_EQ(was_open,
            (std::vector{false, false, true, true, true, true, true, true, true, true, false}));
  EXPECT_EQ(files_in("journal"), 0u);
  EXPECT_EQ(files_in("locks"), 0u);
  EXPECT_EQ(files_in("tmp"), 0u);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].key, key());
  EXPECT_EQ(lines[0].task, "task-1");
  EXPECT_EQ(lines[0].request_id, "r-2");
  EXPECT_EQ(lines[0].service, "scripted");
  EXPECT_EQ(lines[0].stage, "prompt");
  EXPECT_FALSE(lines[0].unclear);
}

TEST_F(DriverTest, WhatIsMadeHereHasNoJournalAndNoLedger) {
  backend->preview = true;
  const Driver here(backend, ResultStore(folder.path()));
  std::vector<Step> steps;
  options.reached = [&](Step step) { steps.push_back(step); };
  here.run(request, options, cancel, [](int) {});
  EXPECT_EQ(steps, (std::vector{Step::locked, Step::committed}));
  EXPECT_FALSE(fs::exists(folder.path() + "/ledger.jsonl"));
  EXPECT_FALSE(fs::exists(folder.path() + "/journal"));
}

TEST_F(DriverTest, TwoShotsThatWantTheSameMakeOneCall) {
  backend->takes = 30ms;
  std::array<std::string, 4> answers;
  {
    std::vector<std::jthread> shots;
    for (auto& answer : answers)
      shots.emplace_back([&] { answer = run().result.prompt; });
  }
  EXPECT_EQ(backend->submits, 1);
  for (const auto& answer : answers)
    EXPECT_EQ(answer, "answer 1");
}

TEST_F(DriverTest, RetriesWhatMayPassAndNotMoreThanAllowed) {
  backend->failures = 1;
  EXPECT_EQ(run().requests, 2u);
  backend->failures = 100;
  options.max_retries = 0;
  request.take = 1;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 3);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, ARateThatOthersUseUpIsWaitedForBeyondTheTries) {
  backend->failure.http_status = 429;
  backend->failure.too_fast = true;
  backend->failures = 3;
  options.max_retries = 1;
  EXPECT_EQ(run().requests, 4u);
  backend->failures = 100;
  options.max_retries = 0; // none is none
  request.take = 1;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 5);
}

TEST_F(DriverTest, ABilledAnswerOfNoUseIsInTheLedgerWhenItIsAskedForAgain) {
  backend->failures = 1;
  backend->failure.billed = true;
  run();
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_FALSE(lines[0].unclear);
  EXPECT_TRUE(lines[0].expected);
  EXPECT_GT(lines[0].usage.output_tokens, 0);
  EXPECT_FALSE(lines[1].unclear);
  EXPECT_FALSE(lines[1].expected);
  EXPECT_NE(lines[0].call, lines[1].call);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, DoesNotRetryWhatCannotPass) {
  backend->failures = 1;
  backend->failure.retry = false;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 1);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, AWaitBeyondTheDeadlineFailsAtOnceAndSaysHowLong) {
  backend->failures = 1;
  backend->failure.retry_after = 90s;
  const auto start = std::chrono::steady_clock::now();
  const Error told = error();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_NE(told.remedy.find("90 s"), std::string::npos) << told.remedy;
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, AWaitThatOneCallWasToldHoldsForTheNext) {
  backend->failures = 1;
  backend->failure.retry_after = 90s;
  backend->failure.too_fast = true;
  error();
  request.take = 1;
  const Error told = error();
  EXPECT_EQ(backend->submits, 1) << "it was sent all the same";
  EXPECT_TRUE(told.too_fast);
  EXPECT_EQ(told.requests, 0u);
  EXPECT_GT(told.retry_after, 80s);
  EXPECT_NE(told.remedy.find("beyond timeout"), std::string::npos) << told.remedy;
}

TEST_F(DriverTest, WhoIsAskedTooFastGivesItsPlaceToAnother) {
  request.model = "one";
  backend->failures = 1;
  backend->failure.too_fast = true;
  backend->takes = 20ms;
  auto limited = std::async(std::launch::async, [&] { return run().result.prompt; });
  while (backend->submits < 1)
    std::this_thread::sleep_for(1ms);
  Request other = request;
  other.take = 1;
  const auto done = driver.run(other, options, cancel, [](int) {});
  EXPECT_EQ(done.result.prompt, "answer 2") << "one that came later, and was not refused";
  EXPECT_EQ(limited.get(), "answer 3");
}

TEST_F(DriverTest, SaysHowManyCallsTheServiceTakesNow) {
  const auto now = [&](size_t model) { return driver.concurrent_now(kModels[model]); };
  EXPECT_EQ(now(3), 1u);
  EXPECT_EQ(now(0), 0u) << "any number";
  backend->failures = 1;
  backend->failure.too_fast = true;
  options.max_retries = 0;
  error();
  EXPECT_EQ(now(0), 1u);
}

TEST_F(DriverTest, TheWaitForAPlaceIsNoPartOfTheTimeout) {
  request.model = "one";
  options.timeout = 50ms;
  std::promise<void> at_the_limiter;
  options.reached = [&](Step step) {
    if (step == Step::locked) at_the_limiter.set_value();
  };
  auto in_front = std::make_optional(
      Limiter::enter(Limiter::shared({"scripted.test", backend->account, "one"}, 0, 1), cancel,
                     std::chrono::steady_clock::time_point::max()));
  auto answer = std::async(std::launch::async, [&] { return run().result.prompt; });
  at_the_limiter.get_future().wait();
  EXPECT_EQ(answer.wait_for(3 * options.timeout), std::future_status::timeout);
  in_front.reset();
  EXPECT_EQ(answer.get(), "answer 1");
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, WhoWantsWhatStandsInTheQueueWaitsAsLongAsThat) {
  request.model = "one";
  options.timeout = 50ms;
  std::promise<void> at_the_limiter;
  DriverOptions first = options;
  first.reached = [&](Step step) {
    if (step == Step::locked) at_the_limiter.set_value();
  };
  auto in_front = std::make_optional(
      Limiter::enter(Limiter::shared({"scripted.test", backend->account, "one"}, 0, 1), cancel,
                     std::chrono::steady_clock::time_point::max()));
  const auto ask = [&](const DriverOptions& own, Cancel& stop) {
    return std::async(std::launch::async,
                      [&] { return driver.run(request, own, stop, [](int) {}).result.prompt; });
  };
  auto queued = ask(first, cancel);
  at_the_limiter.get_future().wait();
  Cancel stop;
  auto twin = ask(options, cancel), stopped = ask(options, stop);
  EXPECT_EQ(twin.wait_for(4 * options.timeout), std::future_status::timeout);
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  stop.cancel();
  EXPECT_EQ(stopped.wait_for(2s), std::future_status::ready);
  EXPECT_THROW(stopped.get(), Error);
  in_front.reset();
  EXPECT_EQ(queued.get(), "answer 1");
  EXPECT_EQ(twin.get(), "answer 1");
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, PollsATaskToItsEndAndPassesThePercentOn) {
  backend->polls_needed = 4;
  std::vector<int> seen;
  const Done done =
      driver.run(request, options, cancel, [&](int percent) { seen.push_back(percent); });
  EXPECT_EQ(done.result.prompt, "done");
  EXPECT_EQ(seen, (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, AStoreThatCannotBeWrittenIsFoundBeforeAnythingIsSent) {
  const std::string file = folder.path() + "/file";
  std::ofstream(file) << "x";
  const Driver nowhere(backend, ResultStore(file + "/below"));
  EXPECT_THROW(nowhere.run(request, options, cancel, [](int) {}), Error);
  EXPECT_EQ(backend->submits, 0);
}

TEST_F(DriverTest, AResultThatCannotBeKeptIsDeliveredAndNotPaidForAgain) {
  backend->polls_needed = 1;
  fs::create_directories(folder.path() + "/results");
  const std::string in_the_way = folder.path() + "/results/" + key().substr(0, 2);
  std::ofstream(in_the_way) << "x";
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_TRUE(is_open());
  fs::remove(in_the_way);
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_FALSE(is_open());
  EXPECT_EQ(backend->submits, 1);
  EXPECT_EQ(ledger.lines().size(), 1u);
}

TEST_F(DriverTest, WordsTheNextStageCouldNotUseAreRefusedAndBilled) {
  backend->blank = true;
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(ledger.lines().size(), 1u);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, CancelEndsALongPauseAtOnceAndLeavesTheTask) {
  backend->polls_needed = 2;
  options.poll_interval = 1h;
  options.timeout = 2h;
  for (const bool at_the_service : {false, true}) {
    SCOPED_TRACE(at_the_service);
    Cancel stop;
    options.cancel_tasks = at_the_service;
    request.take = at_the_service;
    options.reached = [](Step) {};
    std::thread other([&] {
      while (!is_open() || !journal.read(key()) || journal.read(key())->task.empty())
        std::this_thread::yield();
      stop.cancel();
    });
    try {
      driver.run(request, options, stop, [](int) {});
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::cancelled);
    }
    other.join();
    EXPECT_EQ(backend->cancels, at_the_service ? 1 : 0);
    EXPECT_EQ(is_open(), !at_the_service);
  }
}

TEST_F(DriverTest, APictureThatIsNoneIsRefusedAndNotKept) {
  request.role = Role::picture;
  backend->picture = adopt(g_bytes_new_static("not a picture", 13));
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 2);
  EXPECT_EQ(files_in("tmp"), 0u);
}

TEST_F(DriverTest, AClipThatDoesNotDemuxIsRefusedAndNotKept) {
  request.role = Role::clip;
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 2);
  EXPECT_EQ(files_in("tmp"), 0u);
}

TEST_F(DriverTest, MoreThanMaxCostIsNotSpentNorWhatNobodyKnowsThePriceOf) {
  options.max_cost.all = 0.01;
  Error told = error();
  EXPECT_EQ(told.fault, Fault::no_funds);
  EXPECT_NE(std::string(told.what()).find("price of m is"), std::string::npos) << told.what();
  request.role = Role::picture;
  request.model = "qwen-image"; // 0.25 CNY
  told = error();
  EXPECT_EQ(told.fault, Fault::no_funds);
  EXPECT_NE(std::string(told.what()).find("0.25"), std::string::npos) << told.what();
  request.model = "p"; // charged as the other
  told = error();
  EXPECT_NE(std::string(told.what()).find("0.25"), std::string::npos) << told.what();
  EXPECT_EQ(backend->submits, 0);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, AServerThatSendsNoBillWorksUnderAnyMaxCost) {
  options.max_cost.all = 0.01;
  EXPECT_EQ(fault(), Fault::no_funds); // a private address alone may be a gateway's
  backend->free = true;
  run();
  Budget::process().reserve("spent", 5, 0, "CNY");
  Budget::process().settle("spent", 5);
  request.take = 1;
  run();
  EXPECT_EQ(backend->submits, 2);
  for (const LedgerLine& line : ledger.lines())
    EXPECT_EQ(line.cost, 0.25); // as it said itself
}

TEST(RequestKey, EveryFieldCounts) {
  const Request base{.role = Role::clip, .model = "m", .script = "ab", .words = "c"};
  std::vector<Request> others(16, base);
  others[0].role = Role::picture;
  others[1].model = "n";
  others[2].script = "a", others[2].words = "bc";
  others[3].negative = "x";
  others[4].motion = "x";
  others[5].style = "x";
  others[6].mood = "x";
  others[7].language = "x";
  others[8].size = {2, 1};
  others[9].size = {1, 2};
  others[10].seconds = 0.5;
  others[11].seed = 1;
  others[12].keyframe = adopt(g_bytes_new_static("x", 1));
  others[13].last_frame = adopt(g_bytes_new_static("x", 1));
  others[14].palette = {0x2f5d50};
  others[15].palette = {0x2f5d50, 0x2f5d50};
  std::vector<std::string> keys = {request_key("s", base), request_key("t", base)};
  for (const auto& other : others)
    keys.push_back(request_key("s", other));
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
  EXPECT_EQ(request_key("s", base), request_key("s", Request(base)));
  EXPECT_EQ(request_key("s", base).size(), 64u);
}
