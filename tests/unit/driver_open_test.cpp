// SPDX-License-Identifier: LGPL-2.1-or-later
// The driver against a scripted backend: what ends a call and what leaves it open, and how the next
// run goes on with it.
#include "driver_rig.h"
#include "store/forgotten.h"
#include "store/lock.h"

using namespace driver_rig;

TEST_F(DriverTest, ATaskThatCannotBeWrittenDownIsFollowedAllTheSame) {
  backend->polls_needed = 1;
  const std::string entries = folder.path() + "/journal";
  options.reached = [&](Step step) {
    if (step != Step::submitted) return;
    fs::rename(entries, entries + ".aside");
    std::ofstream(entries) << "no folder";
  };
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
  fs::remove(entries);
  fs::rename(entries + ".aside", entries);
  EXPECT_TRUE(is_open()); // an intent, which a run after a crash would look for
  EXPECT_EQ(run().requests, 0u);
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, ALockThatCannotBeReadLosesNoTask) {
  backend->polls_needed = 1'000'000;
  options.timeout = 50ms;
  const std::string lock = folder.path() + "/locks/" + key() + ".lock";
  options.reached = [&](Step step) {
    if (step != Step::submitted) return;
    fs::rename(lock, lock + ".aside");
    fs::create_directory(lock);
  };
  EXPECT_EQ(fault(), Fault::timeout);
  fs::remove(lock);
  ASSERT_TRUE(is_open());
  EXPECT_EQ(journal.read(key())->task, "task-1");
  backend->polls_needed = 1;
  options = {.timeout = 10s, .poll_interval = 1ms};
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, ALockThatCannotBeReadLeavesNoRefusedCallOpen) {
  backend->failures = 1;
  backend->failure = Error(Fault::moderation, "refused");
  const std::string lock = folder.path() + "/locks/" + key() + ".lock";
  options.reached = [&](Step step) {
    if (step != Step::intent_written) return;
    fs::rename(lock, lock + ".aside");
    fs::create_directory(lock);
  };
  EXPECT_EQ(fault(), Fault::moderation);
  EXPECT_FALSE(is_open());
  EXPECT_TRUE(ledger.lines().empty());
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

TEST_F(DriverTest, WhatTimedOutIsOutOfTheHourInTheEnd) {
  request.role = Role::picture;
  request.model = "p"; // it has a price
  backend->polls_needed = 1'000'000;
  options.timeout = 50ms;
  options.max_cost.hour = 100;
  EXPECT_EQ(fault(), Fault::timeout);
  const std::string call = journal.read(key())->call;
  try {
    Budget::process().reserve("another", 100, {.hour = 100}, "CNY");
    ADD_FAILURE() << "it may be billed yet";
  } catch (const Error& refused) {
    EXPECT_GT(refused.retry_after, 59min); // what is set aside alone has no end
  }
  Budget::process().reserve(call, 0, {}, "CNY");
  Budget::process().settle(call, 0); // other tests have the whole hour
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

TEST_F(DriverTest, ACallNobodyAsksAfterForAWeekGoesFromTheJournalIntoTheLedger) {
  constexpr gint64 kDay = 86'400'000;
  const gint64 now = g_get_real_time() / 1000;
  const auto leave = [&](const std::string& name, gint64 sent) {
    journal.write(name, {.state = JournalEntry::State::task,
                         .call = "call-" + name,
                         .service = "scripted",
                         .sent = sent,
                         .task = "task-" + name,
                         .cost = 0.5,
                         .currency = "CNY"});
  };
  const std::string own = key();
  for (const std::string& name : std::vector<std::string>{"old", "known", "held", "damaged", own})
    leave(name, now - 8 * kDay);
  leave("young", now - 6 * kDay);
  std::ofstream(journal.path("damaged")) << "?";
  for (const auto& name : journal.keys())
    fs::last_write_time(journal.path(name), fs::file_time_type::clock::now() - 8 * 24h);
  ledger.add({.time = now - 8 * kDay, .call = "call-known", .cost = 0.25}, false);
  const KeyLock held(folder.path() + "/locks", "held", cancel);
  backend->polls_needed = 1;
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 0); // its own was looked at
  EXPECT_EQ(backend->polled, "task-" + own);
  for (const char* name : {"held", "damaged", "young"})
    EXPECT_TRUE(journal.has(name)) << name;
  EXPECT_EQ(files_in("journal"), 3u);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].call, "call-old");
  EXPECT_TRUE(lines[1].unclear);
  EXPECT_EQ(lines[1].cost, 0.5);
  EXPECT_EQ(lines[2].call, "call-" + own);
}

TEST_F(DriverTest, ManyForgottenCallsHoldNoOrderUp) {
  constexpr int kCalls = 100, kLines = 10'000;
  const gint64 sent = g_get_real_time() / 1000 - 2 * kForgottenMs;
  for (int i = 0; i < kCalls; ++i) {
    const std::string name = std::to_string(i);
    journal.write(name, {.call = "call-" + name, .sent = sent});
    fs::last_write_time(journal.path(name), fs::file_time_type::clock::now() - 14 * 24h);
  }
  ledger.add(std::vector<LedgerLine>(kLines, {.time = sent, .call = "another"}));
  const auto begun = std::chrono::steady_clock::now();
  run();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(files_in("journal"), 0u);
  EXPECT_EQ(ledger.lines().size(), size_t(kLines + kCalls + 1));
}

TEST_F(DriverTest, NotAllForgottenCallsAreClosedAtOnce) {
  const gint64 sent = g_get_real_time() / 1000 - 2 * kForgottenMs;
  fs::create_directories(folder.path() + "/journal");
  for (size_t i = 0; i < kMostForgotten + 10; ++i) {
    const std::string path = journal.path(std::to_string(i));
    std::ofstream(path) << R"({"state":"intent","call":")" << i << R"(","sent":)" << sent << "}\n";
    fs::last_write_time(path, fs::file_time_type::clock::now() - 14 * 24h);
  }
  run();
  EXPECT_EQ(files_in("journal"), 10u);
  EXPECT_EQ(ledger.lines().size(), kMostForgotten + 1);
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
  options.poll_interval = 20ms;
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

TEST_F(DriverTest, LookingForALostCreateIsPatientWhereOthersOfTheAccountAskTooFast) {
  backend->failures = 1;
  backend->failure = ScriptedBackend::lost();
  backend->failed_finds = 3;
  backend->find_failure.too_fast = true;
  backend->found = {Found::Answer::task, {"task-9"}};
  backend->polls_needed = 1;
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->finds, 4);

  request.script = "an owl";
  options.rate_patience = {};
  backend->finds = 0;
  backend->failures = 2;
  EXPECT_NE(error().remedy.find("the next run finds out"), std::string::npos);
  EXPECT_EQ(backend->finds, 3);
}

TEST_F(DriverTest, ATaskThatAnotherShotGotDuringTheLookForALostCreateIsKnown) {
  backend->failures = 1;
  backend->failure = ScriptedBackend::lost();
  backend->failed_finds = 1;
  backend->on_find = [this] {
    journal.write("other", {.state = JournalEntry::State::task, .task = "task-7"});
  };
  backend->found = {Found::Answer::task, {"task-9"}};
  backend->polls_needed = 1;
  run();
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
  options.poll_interval = 20ms;
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
  EXPECT_NO_THROW(Budget::process().reserve("next", 500, {spent + 600}, "CNY"));
  Budget::process().settle("next", 0);
}

TEST_F(DriverTest, AnEntryNobodyCanReadStopsTheRunBeforeAnythingIsSent) {
  fs::create_directories(folder.path() + "/journal");
  std::ofstream(folder.path() + "/journal/" + key() + ".json") << "{\"state\":";
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 0);
}

namespace {

/// The machine slept, and another process took over the result.
struct TakenOver : DriverTest {
  JournalEntry theirs;
  bool billed_by_them = false;

  TakenOver() {
    backend->polls_needed = 1;
    options.reached = [this](Step step) {
      if (step != Step::task_written) return;
      std::ofstream(folder.path() + "/locks/" + key() + ".lock") << R"({"token":"another"})";
      const std::string ours = journal.read(key())->call;
      if (billed_by_them) ledger.add({.time = g_get_real_time() / 1000, .call = ours}, false);
      journal.clear(key());
      if (theirs.task.empty()) return;
      theirs.state = JournalEntry::State::task;
      journal.write(key(), theirs);
    };
  }
};

} // namespace

TEST_F(TakenOver, ACallIsBilledOnce) {
  billed_by_them = true;
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(ledger.lines().size(), 1u);
}

TEST_F(TakenOver, TheCallOfWhoTookOverStaysInTheJournal) {
  theirs.call = "theirs";
  theirs.task = "task-2";
  EXPECT_EQ(run().result.prompt, "done");
  ASSERT_TRUE(is_open());
  EXPECT_EQ(journal.read(key())->call, "theirs");

  backend->poll_failure = Error(Fault::moderation, "refused");
  backend->poll_failure.ended = true; // nothing is billed
  backend->failed_polls = 1;
  journal.clear(key());
  request.take = 1;
  EXPECT_EQ(fault(), Fault::moderation);
  ASSERT_TRUE(is_open());
  EXPECT_EQ(journal.read(key())->call, "theirs");
}
