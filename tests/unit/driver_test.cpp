// SPDX-License-Identifier: LGPL-2.1-or-later
// The driver against a scripted backend: store, retry, polling, deadline, cancel, lost creates,
// budget, verification.
#include "base/error.h"
#include "net/limiter.h"
#include "service/driver.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "temp_folder.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr Pace kOneAtATime{.group = "one", .concurrent = 1};
constexpr std::array<Model, 5> kModels = {
    {{.name = "m", .role = Role::words},
     {.name = "p", .role = Role::picture},
     {.name = "c", .role = Role::clip},
     {.name = "one", .role = Role::words, .pace = kOneAtATime},
     {.name = "qwen-image", .role = Role::picture}}};

/// Answers as its script says; counts what was asked.
class ScriptedBackend : public Backend {
 public:
  const char* name() const override { return "scripted"; }
  std::span<const Model> models() const override { return kModels; }
  bool is_preview() const override { return preview; }
  Endpoint endpoint() const override { return {host, account, is_private}; }

  std::string price_name(const std::string& model) const override {
    return model == "p" ? "qwen-image" : model;
  }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    const int number = ++submits;
    if (number <= failures) throw failure;
    if (polls_needed > 0) return Task{"task-" + std::to_string(number)};
    std::this_thread::sleep_for(takes);
    if (request.role == Role::clip) std::ofstream(call.scratch) << "clip";
    return make(request, call);
  }

  Poll poll(const Task& task, const Request&, Call& call) override {
    polled = task.id;
    if (failed_polls > 0) {
      --failed_polls;
      throw poll_failure;
    }
    if (++polls < polls_needed) return {Poll::State::running, 10 * polls, {}};
    return {Poll::State::done, 100, Result{.prompt = "done", .request_id = "r-2"}};
  }

  bool cancel(const Task& task, Call& call) override { return ++cancels && may_cancel; }

  Found find(const Request&, const Intent& intent, Call&) override {
    ++finds;
    known = intent.known_tasks;
    if (finds <= failed_finds) throw passing("unreachable");
    return found;
  }

  Result make(const Request& request, Call& call) {
    Result result;
    if (!blank) result.prompt = "answer " + std::to_string(submits);
    result.picture = picture;
    result.request_id = "r-1";
    result.cost = 0.25;
    if (request.role == Role::clip) result.clip_path = call.scratch;
    return result;
  }

  static Error passing(const char* what) {
    Error error(Fault::read, what);
    error.retry = true;
    return error;
  }
  static Error lost() {
    Error error(Fault::read, "the connection broke");
    error.unclear = true;
    return error;
  }

  std::string account = take_string(g_uuid_string_random()); // limiters are shared by account
  std::string host = "scripted.test";
  bool is_private = true;
  int failures = 0;
  Error failure = passing("busy");
  Error poll_failure = passing("unreachable");
  std::chrono::milliseconds takes{0};
  bool blank = false;
  bool preview = false;
  bool may_cancel = true;
  int polls_needed = 0;
  int failed_polls = 0;
  int failed_finds = 0;
  Found found;
  std::set<std::string> known;
  std::string polled;
  Ref<GBytes> picture;
  std::atomic<int> submits{0}, polls{0}, cancels{0}, finds{0};
};

struct DriverTest : testing::Test {
  std::shared_ptr<ScriptedBackend> backend = std::make_shared<ScriptedBackend>();
  TempFolder folder;
  Driver driver{backend, ResultStore(folder.path())};
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;
  Journal journal{folder.path()};
  Ledger ledger{folder.path()};

  Done run() {
    return driver.run(request, options, cancel, [](int) {});
  }
  Error error() {
    try {
      run();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
  Fault fault() { return error().fault; }
  std::string key() const { return request_key(edition_of(*backend), request); }
  bool is_open() const { return journal.has(key()); }
  size_t files_in(const char* part) const {
    std::error_code none;
    fs::directory_iterator at(folder.path() + "/" + part, none);
    return none ? 0 : static_cast<size_t>(std::distance(fs::begin(at), fs::end(at)));
  }
};

} // namespace

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

TEST_F(DriverTest, PollsATaskToItsEndAndPassesThePercentOn) {
  backend->polls_needed = 4;
  std::vector<int> seen;
  const Done done =
      driver.run(request, options, cancel, [&](int percent) { seen.push_back(percent); });
  EXPECT_EQ(done.result.prompt, "done");
  EXPECT_EQ(seen, (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, PollsThatFailForAMomentNeverEndATaskBeforeTheDeadline) {
  backend->polls_needed = 2;
  backend->failed_polls = 1;
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
  request.take = 1;
  backend->failed_polls = 100;
  options.max_retries = 0;
  options.timeout = 300ms;
  EXPECT_EQ(fault(), Fault::timeout);
  EXPECT_TRUE(is_open());
  EXPECT_EQ(backend->submits, 2);
}

TEST_F(DriverTest, WhatTimedOutGoesOnInTheNextRunWithoutASecondOrder) {
  backend->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_EQ(fault(), Fault::timeout);
  EXPECT_EQ(backend->cancels, 0);
  EXPECT_TRUE(is_open());
  backend->polls_needed = 1;
  options.timeout = 10s;
  const Done done = run();
  EXPECT_EQ(done.result.prompt, "done");
  EXPECT_EQ(done.requests, 0u);
  EXPECT_EQ(backend->submits, 1);
  EXPECT_EQ(backend->polled, "task-1");
  EXPECT_EQ(ledger.lines().size(), 1u);
  EXPECT_FALSE(is_open());
}

TEST_F(DriverTest, ATaskThatFailedIsDoneWithAndOneThatWasRefusedALookIsNot) {
  backend->polls_needed = 1;
  backend->failed_polls = 1;
  backend->poll_failure = Error(Fault::moderation, "refused");
  backend->poll_failure.ended = true;
  EXPECT_EQ(fault(), Fault::moderation);
  EXPECT_FALSE(is_open());
  EXPECT_TRUE(ledger.lines().empty());
  backend->failed_polls = 1;
  backend->poll_failure = Error(Fault::not_authorized, "no such key");
  backend->poll_failure.http_status = 401;
  EXPECT_EQ(fault(), Fault::not_authorized);
  EXPECT_TRUE(is_open());
}

TEST_F(DriverTest, ALookThatFailsOnTheWayIsNotTheEndOfItsTask) {
  backend->polls_needed = 1;
  for (const Fault failed : {Fault::read, Fault::settings, Fault::format, Fault::not_found}) {
    backend->failed_polls = 1;
    backend->poll_failure = Error(failed, "a bad certificate, a refused redirect, another page");
    EXPECT_EQ(fault(), failed);
    EXPECT_TRUE(is_open());
    EXPECT_TRUE(ledger.lines().empty());
  }
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, ATaskNobodyKnowsAnyMoreIsWrittenOffAndOrderedAnewInTheNextRun) {
  backend->polls_needed = 1;
  backend->failed_polls = 1;
  backend->poll_failure = Error(Fault::not_found, "expired");
  backend->poll_failure.ended = true;
  EXPECT_EQ(fault(), Fault::not_found);
  EXPECT_FALSE(is_open());
  ASSERT_EQ(ledger.lines().size(), 1u);
  EXPECT_TRUE(ledger.lines()[0].unclear);
  EXPECT_EQ(backend->submits, 1);
  run();
  EXPECT_EQ(backend->submits, 2);
  ASSERT_EQ(ledger.lines().size(), 2u);
  EXPECT_FALSE(ledger.lines()[1].unclear);
}

TEST_F(DriverTest, ATaskThatSucceededWithoutAResultIsBilled) {
  backend->polls_needed = 1;
  backend->failed_polls = 1;
  backend->poll_failure = Error(Fault::format, "done, but not where");
  backend->poll_failure.ended = backend->poll_failure.billed = true;
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_FALSE(is_open());
  ASSERT_EQ(ledger.lines().size(), 1u);
  EXPECT_FALSE(ledger.lines()[0].unclear);
  EXPECT_TRUE(ledger.lines()[0].expected);
}

TEST_F(DriverTest, WhatIsOpenAtAnotherAddressIsNotTakenForLost) {
  backend->is_private = false;
  backend->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_EQ(fault(), Fault::timeout);
  backend->host = "other.test";
  backend->polls_needed = 1;
  options.timeout = 10s;
  const Error told = error();
  EXPECT_EQ(told.fault, Fault::settings);
  EXPECT_NE(std::string(told.what()).find("scripted.test"), std::string::npos) << told.what();
  EXPECT_NE(told.remedy.find(journal.path(key())), std::string::npos) << told.remedy;
  EXPECT_TRUE(is_open());
  EXPECT_TRUE(ledger.lines().empty());
  backend->host = "scripted.test";
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, ResultsOfAPrivateServerAreItsOwn) {
  run();
  backend->host = "127.0.0.1:8000";
  run();
  EXPECT_EQ(backend->submits, 2);
  backend->is_private = false;
  run();
  EXPECT_EQ(backend->submits, 3);
  backend->host = "elsewhere.test"; // one service at several public addresses
  run();
  EXPECT_EQ(backend->submits, 3);
}

TEST_F(DriverTest, ALostCreateThatNobodyCanFindIsNotSentAgainInTheSameRun) {
  backend->failures = 1;
  backend->failure = ScriptedBackend::lost();
  const Error told = error();
  EXPECT_NE(told.remedy.find("may have been billed"), std::string::npos);
  EXPECT_EQ(backend->submits, 1);
  EXPECT_TRUE(is_open());
  EXPECT_TRUE(ledger.lines().empty());
  EXPECT_EQ(run().result.prompt, "answer 2");
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].unclear);
  EXPECT_FALSE(lines[1].unclear);
  EXPECT_NE(lines[0].call, lines[1].call);
}

TEST_F(DriverTest, ALostCreateWhoseTaskIsFoundIsFollowed) {
  backend->failures = 1;
  backend->failure = ScriptedBackend::lost();
  backend->failed_finds = 1;
  backend->found = {Found::Answer::task, {"task-9"}};
  backend->polls_needed = 1;
  journal.write("other", {.state = JournalEntry::State::task, .task = "task-7"});
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->polled, "task-9");
  EXPECT_EQ(backend->submits, 1);
  EXPECT_EQ(backend->finds, 2);
  EXPECT_EQ(backend->known, std::set<std::string>{"task-7"});
}

TEST_F(DriverTest, ALostCreateThatNeverArrivedIsSentAgain) {
  backend->failures = 1;
  backend->failure = ScriptedBackend::lost();
  backend->found = {Found::Answer::none, {}};
  EXPECT_EQ(run().result.prompt, "answer 2");
  ASSERT_EQ(ledger.lines().size(), 1u);
  EXPECT_FALSE(ledger.lines()[0].unclear);
}

TEST_F(DriverTest, AnUnansweredIntentIsLookedForBeforeAnythingIsSent) {
  journal.write(key(), {.call = "old", .service = "scripted", .model = "m", .sent = 1});
  backend->found = {Found::Answer::task, {"task-5"}};
  backend->polls_needed = 1;
  EXPECT_EQ(run().requests, 0u);
  EXPECT_EQ(backend->polled, "task-5");
  ASSERT_EQ(ledger.lines().size(), 1u);
  EXPECT_EQ(ledger.lines()[0].call, "old");
}

TEST_F(DriverTest, ALineThatACrashLeftInTheLedgerIsNotDoubled) {
  backend->polls_needed = 1;
  options.reached = [](Step step) {
    if (step == Step::billed) throw Error(Fault::read, "as if the process ended here");
  };
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_TRUE(is_open());
  options.reached = {};
  const Done done = run();
  EXPECT_TRUE(done.provenance.cache_hit);
  EXPECT_FALSE(is_open());
  EXPECT_EQ(ledger.lines().size(), 1u);
}

TEST_F(DriverTest, WhatTheStoreHasClosesOnlyItsOwnCall) {
  backend->polls_needed = 1;
  run();
  options.use_cache = false;
  backend->polls_needed = 1'000'000;
  options.timeout = 50ms;
  EXPECT_EQ(fault(), Fault::timeout);
  options.use_cache = true;
  options.timeout = 10s;
  EXPECT_TRUE(run().provenance.cache_hit);
  EXPECT_TRUE(is_open());
  EXPECT_EQ(ledger.lines().size(), 1u);
  options.use_cache = false;
  backend->polls_needed = 1;
  run();
  EXPECT_FALSE(is_open());
  EXPECT_EQ(backend->submits, 2);
  EXPECT_EQ(ledger.lines().size(), 2u);
}

TEST_F(DriverTest, AnIntentThatNeverArrivedSetsNothingAside) {
  const double spent = Budget::process().spent();
  journal.write(key(), {.call = "never", .service = "scripted", .sent = 1, .cost = 1'000});
  backend->found = {Found::Answer::none, {}};
  run();
  EXPECT_NO_THROW(Budget::process().reserve("next", 500, spent + 600, "CNY"));
  Budget::process().settle("next", 0);
}

TEST_F(DriverTest, AnEntryNobodyCanReadStopsTheRunBeforeAnythingIsSent) {
  fs::create_directories(folder.path() + "/journal");
  std::ofstream(folder.path() + "/journal/" + key() + ".json") << "{\"state\":";
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 0);
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
  options.max_cost = 0.01;
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

TEST(RequestKey, EveryFieldCounts) {
  const Request base{.role = Role::clip, .model = "m", .script = "ab", .words = "c"};
  std::vector<Request> others(14, base);
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
  std::vector<std::string> keys = {request_key("s", base), request_key("t", base)};
  for (const auto& other : others)
    keys.push_back(request_key("s", other));
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
  EXPECT_EQ(request_key("s", base), request_key("s", Request(base)));
  EXPECT_EQ(request_key("s", base).size(), 64u);
}
