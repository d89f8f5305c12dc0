// SPDX-License-Identifier: LGPL-2.1-or-later
// The ledger of billed calls, and the budget of a process.
#include "base/error.h"
#include "store/ledger.h"
#include "temp_folder.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace aigc;

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

TEST(Ledger, ManyProcessesAddWholeLines) {
  TempFolder folder;
  constexpr int kProcesses = 4, kLines = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    const Ledger ledger(folder.path());
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
  budget.reserve("a", 0.6, 1, "CNY");
  EXPECT_THROW(budget.reserve("b", 0.5, 1, "CNY"), Error);
  budget.settle("a", 0.3);
  EXPECT_DOUBLE_EQ(budget.spent(), 0.3);
  budget.reserve("b", 0.5, 1, "CNY");
  budget.reserve("b", 0.7, 1, "CNY"); // the same call anew
  EXPECT_THROW(budget.reserve("c", 0.01, 1, "CNY"), Error);
  budget.settle("b", 0);
  budget.reserve("c", 100, 0, "CNY"); // no limit
  try {
    budget.reserve("d", 0.25, 1, "CNY");
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
            budget.reserve(std::to_string(i) + "-" + std::to_string(j), 0.1, 5, "CNY");
            ++granted;
          } catch (const Error&) {
          }
      });
  }
  EXPECT_EQ(granted, 50);
}
