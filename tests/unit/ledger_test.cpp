// SPDX-License-Identifier: LGPL-2.1-or-later
// The ledger of billed calls, and the budget of a process.
#include "base/error.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "temp_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace aigc;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

LedgerLine line_of(const std::string& call) {
  return {.time = 1'790'000'000'123,
          .call = call,
          .key = "k",
          .service = "s",
          .model = "m",
          .stage = "video",
          .request_id = "r",
          .task = "t-" + call,
          .usage = {.seconds = 5, .tier = "480P"},
          .cost = 0.7,
          .currency = "CNY",
          .prices = "2026-11-24"};
}

} // namespace

TEST(Ledger, LinesComeBackAsTheyWereWritten) {
  TempFolder folder;
  const Ledger ledger(folder.path());
  EXPECT_TRUE(ledger.lines().empty());
  ledger.add(line_of("a"), false);
  LedgerLine unclear = line_of("b");
  unclear.unclear = true;
  ledger.add(unclear, false);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].time, 1'790'000'000'123);
  EXPECT_EQ(lines[0].call, "a");
  EXPECT_EQ(lines[0].key, "k");
  EXPECT_EQ(lines[0].service, "s");
  EXPECT_EQ(lines[0].model, "m");
  EXPECT_EQ(lines[0].stage, "video");
  EXPECT_EQ(lines[0].request_id, "r");
  EXPECT_EQ(lines[0].task, "t-a");
  EXPECT_EQ(lines[0].usage, line_of("a").usage);
  EXPECT_EQ(lines[0].cost, 0.7);
  EXPECT_EQ(lines[0].currency, "CNY");
  EXPECT_EQ(lines[0].prices, "2026-11-24");
  EXPECT_FALSE(lines[0].unclear);
  EXPECT_TRUE(lines[1].unclear);
  EXPECT_EQ(ledger.tasks_since(1'790'000'000'000), (std::set<std::string>{"t-a", "t-b"}));
  EXPECT_TRUE(ledger.tasks_since(1'790'000'001'000).empty());
}

TEST(Ledger, ACallHasOneLineWhateverACrashLeft) {
  TempFolder folder;
  const Ledger ledger(folder.path());
  ledger.add(line_of("a"), false);
  ledger.add(line_of("a"), true);
  EXPECT_EQ(ledger.lines().size(), 1u);
  std::ofstream(ledger.path(), std::ios::app) << R"({"call":"b","co)"; // cut off
  ledger.add(line_of("b"), true);
  const auto lines = ledger.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].call, "b");
}

TEST(Ledger, WhatIsLongAgoIsNotRead) {
  TempFolder folder;
  const Ledger ledger(folder.path());
  constexpr gint64 kMinute = 60'000, kBegin = 1'790'000'000'000;
  constexpr size_t kLines = 5000; // above a megabyte
  LedgerLine line = line_of("old");
  ledger.add(line, false);
  std::ifstream one(ledger.path());
  std::string text;
  std::getline(one, text);
  const auto at = [&](const char* call, int minutes) {
    line.call = call;
    line.time = kBegin + minutes * kMinute;
    ledger.add(line, false);
  };
  at("of a clock that was wrong, long ago", 60);
  std::ofstream file(ledger.path(), std::ios::app);
  for (size_t i = 0; i < kLines; ++i)
    file << text << "\n";
  file.close();
  at("a", 60);
  at("of a clock that was set back", -60);
  at("b", 61);
  const auto lines = ledger.lines_since(kBegin + 30 * kMinute);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].call, "a");
  EXPECT_EQ(lines[1].call, "b");
  EXPECT_EQ(ledger.lines().size(), kLines + 5);
  EXPECT_EQ(ledger.lines_since(0).size(), kLines + 5);
  line.call = "a";
  ledger.add(line, true, kBegin + 30 * kMinute); // it has its line
  EXPECT_EQ(ledger.lines().size(), kLines + 5);
  line.call = "old"; // whose line is far before
  ledger.add(line, true, kBegin + 30 * kMinute);
  EXPECT_EQ(ledger.lines().size(), kLines + 6);
}

TEST(Ledger, ALongFileIsPutAsideAndStillCounts) {
  TempFolder folder;
  const Ledger ledger(folder.path(), 2000);
  constexpr int kLines = 100;
  for (int i = 0; i < kLines; ++i)
    ledger.add(line_of(std::to_string(i)), false);
  EXPECT_LT(fs::file_size(ledger.path()), 3000u);
  EXPECT_TRUE(fs::exists(folder.path() + "/ledger-1.jsonl"));
  EXPECT_TRUE(fs::exists(folder.path() + "/ledger-10.jsonl"));
  const auto lines = Ledger(folder.path()).lines();
  ASSERT_EQ(lines.size(), size_t(kLines));
  for (int i = 0; i < kLines; ++i)
    EXPECT_EQ(lines[size_t(i)].call, std::to_string(i));
  EXPECT_EQ(ledger.tasks_since(0).size(), size_t(kLines));
  ledger.add(line_of("0"), true); // it is in the oldest
  EXPECT_EQ(ledger.lines().size(), size_t(kLines));
}

TEST(Ledger, ManyProcessesAddWholeLines) {
  TempFolder folder;
  constexpr int kProcesses = 4, kLines = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    const Ledger ledger(folder.path(), 2000); // and put the file aside now and then
    for (int j = 0; j < kLines; ++j)
      ledger.add(line_of(std::to_string(i) + "-" + std::to_string(j)), false);
    _exit(0);
  }
  while (wait(nullptr) > 0) {
  }
  EXPECT_EQ(Ledger(folder.path()).lines().size(), size_t(kProcesses * kLines));
}

TEST(Budget, SetsAsideAndSettlesWhatWasReallySpent) {
  Budget budget;
  budget.reserve("a", 0.6, {1}, "CNY");
  EXPECT_THROW(budget.reserve("b", 0.5, {1}, "CNY"), Error);
  budget.settle("a", 0.3);
  EXPECT_DOUBLE_EQ(budget.spent(), 0.3);
  budget.reserve("b", 0.5, {1}, "CNY");
  budget.reserve("b", 0.7, {1}, "CNY"); // the same call anew
  EXPECT_THROW(budget.reserve("c", 0.01, {1}, "CNY"), Error);
  budget.settle("b", 0);
  budget.reserve("c", 100, {}, "CNY"); // no limit
  try {
    budget.reserve("d", 0.25, {1}, "CNY");
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::no_funds);
    EXPECT_NE(std::string(error.what()).find("0.25 CNY"), std::string::npos) << error.what();
  }
}

TEST(Budget, ManyThreadsTogetherStayBelowTheLimit) {
  Budget budget;
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        for (int j = 0; j < 20; ++j)
          try {
            budget.reserve(std::to_string(i) + "-" + std::to_string(j), 0.1, {5}, "CNY");
            ++granted;
          } catch (const Error&) {
          }
      });
  }
  EXPECT_EQ(granted, 50);
}

namespace {

struct HourTest : testing::Test {
  Budget::Clock::time_point time{100h};
  Budget budget{[this] { return time; }};

  void spend(const std::string& call, double amount) {
    budget.reserve(call, amount, {.hour = 1}, "CNY");
    budget.settle(call, amount);
  }
  /// How long to wait for room, -1 when there is some.
  std::chrono::milliseconds wait_for(double amount) {
    try {
      budget.reserve("asked", amount, {.hour = 1}, "CNY");
      budget.settle("asked", 0);
      return -1ms;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::no_funds);
      EXPECT_TRUE(is_own_limit(error));
      EXPECT_NE(std::string(error.what()).find("max-cost-hour"), std::string::npos);
      return error.retry_after;
    }
  }
};

} // namespace

TEST_F(HourTest, TheHourSlides) {
  spend("a", 0.6);
  time += 20min;
  spend("b", 0.4);
  EXPECT_EQ(wait_for(0.1), 40min);
  EXPECT_EQ(wait_for(0.7), 60min) << "both must be out of it";
  EXPECT_EQ(wait_for(1.1), 0ms) << "there will never be room";
  time += 40min;
  EXPECT_EQ(wait_for(0.6), -1ms);
  EXPECT_EQ(wait_for(0.7), 20min);
  time += 20min;
  EXPECT_EQ(wait_for(1), -1ms);
  EXPECT_DOUBLE_EQ(budget.spent(), 1);
}

TEST_F(HourTest, WhatIsUnderWayCountsForAsLongAsItIs) {
  budget.reserve("a", 0.6, {.hour = 1}, "CNY");
  time += 3h;
  EXPECT_EQ(wait_for(0.5), 0ms);
  budget.settle("a", 0.1);
  EXPECT_EQ(wait_for(0.5), -1ms);
  budget.reserve("b", 0.9, {.hour = 1}, "CNY");
  budget.settle("b", 0); // it failed
  EXPECT_EQ(wait_for(0.9), -1ms);
}

TEST_F(HourTest, WhatWasGivenUpIsOutOfTheHourInTheEnd) {
  for (int i = 0; i < 100; ++i) { // of timeouts, over days
    const std::string call = std::to_string(i);
    budget.reserve(call, 0.6, {.hour = 1}, "CNY");
    time += 10min;
    budget.give_up(call);
    EXPECT_EQ(wait_for(0.5), 60min) << "it may be billed";
    time += 60min;
  }
  EXPECT_EQ(wait_for(1), -1ms);
  EXPECT_THROW(budget.reserve("b", 1, {.all = 60.5}, "CNY"), Error);
  budget.reserve("b", 1, {.all = 61.5}, "CNY");
  EXPECT_DOUBLE_EQ(budget.spent(), 0);
}

TEST_F(HourTest, WhatWasGivenUpAndIsTakenUpAgainCountsOnce) {
  budget.reserve("a", 0.6, {}, "CNY");
  budget.give_up("a");
  budget.reserve("a", 0.6, {}, "CNY");
  EXPECT_EQ(wait_for(0.4), -1ms);
  EXPECT_THROW(budget.reserve("b", 0.5, {.all = 1}, "CNY"), Error);
  time += 2h; // it is at work
  EXPECT_EQ(wait_for(0.5), 0ms);
  budget.settle("a", 0.2);
  EXPECT_EQ(wait_for(0.8), -1ms);
  budget.reserve("b", 0.8, {.all = 1}, "CNY");
  EXPECT_DOUBLE_EQ(budget.spent(), 0.2);
}

TEST_F(HourTest, WhatAProcessSpentThatIsNoMoreCounts) {
  TempFolder folder;
  const gint64 now = g_get_real_time() / 1000;
  constexpr gint64 minute = 60'000;
  const Ledger ledger(folder.path());
  for (const auto& [call, minutes] : {std::pair{"old", 61}, std::pair{"a", 50}, std::pair{"b", 5},
                                      std::pair{"of a clock that was set", -500}}) {
    LedgerLine line = line_of(call);
    line.time = now - minutes * minute;
    line.cost = 0.2;
    ledger.add(line, false);
  }
  JournalEntry open;
  open.call = "open";
  open.sent = now - 10 * minute;
  open.cost = 0.3;
  Journal(folder.path()).write("k", open);
  budget.recall(folder.path());
  budget.recall(folder.path());
  EXPECT_EQ(wait_for(0.1), -1ms); // 0.9 are gone
  const auto wait = wait_for(0.15);
  EXPECT_GT(wait, 9min);
  EXPECT_LE(wait, 10min);
  budget.reserve("open", 0.3, {}, "CNY"); // somebody goes on with it: not twice
  EXPECT_EQ(wait_for(0.1), -1ms);
  budget.settle("open", 0);
  EXPECT_EQ(wait_for(0.4), -1ms);
}
