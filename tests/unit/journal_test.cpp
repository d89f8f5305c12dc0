// SPDX-License-Identifier: LGPL-2.1-or-later
// The journal of unfinished calls.
#include "base/error.h"
#include "store/journal.h"
#include "temp_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace aigc;

TEST(Journal, EntriesComeBackAsTheyWereWritten) {
  TempFolder folder;
  const Journal journal(folder.path());
  EXPECT_FALSE(journal.has("k"));
  EXPECT_FALSE(journal.read("k"));
  JournalEntry entry{.call = "c-1", .service = "s", .model = "m", .stage = "video", .sent = 17};
  entry.cost = 0.5;
  entry.currency = "CNY";
  journal.write("k", entry);
  EXPECT_EQ(journal.read("k")->state, JournalEntry::State::intent);
  entry.state = JournalEntry::State::task;
  entry.task = "t-1";
  entry.url = "http://h/x?y";
  entry.request_id = "r";
  entry.seed = 4;
  entry.usage = {.input_tokens = 1,
                 .cached_tokens = 2,
                 .output_tokens = 3,
                 .pictures = 4,
                 .seconds = 5.5,
                 .tier = "480P"};
  journal.write("k", entry);
  const auto back = journal.read("k");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->state, JournalEntry::State::task);
  EXPECT_EQ(back->call, "c-1");
  EXPECT_EQ(back->service, "s");
  EXPECT_EQ(back->model, "m");
  EXPECT_EQ(back->stage, "video");
  EXPECT_EQ(back->sent, 17);
  EXPECT_EQ(back->task, "t-1");
  EXPECT_EQ(back->url, "http://h/x?y");
  EXPECT_EQ(back->request_id, "r");
  EXPECT_EQ(back->seed, 4);
  EXPECT_EQ(back->cost, 0.5);
  EXPECT_EQ(back->currency, "CNY");
  EXPECT_EQ(back->usage, entry.usage);
  journal.clear("k");
  EXPECT_FALSE(journal.has("k"));
}

TEST(Journal, ALineThatACrashCutOffLeavesTheOneBefore) {
  TempFolder folder;
  const Journal journal(folder.path());
  const std::string file = folder.path() + "/journal/k.json";
  journal.write("k", {.call = "c"});
  journal.write("k", {.state = JournalEntry::State::task, .call = "c", .task = "t"});
  const auto size = std::filesystem::file_size(file);
  EXPECT_EQ(journal.read("k")->task, "t");
  std::filesystem::resize_file(file, size - 2);
  EXPECT_EQ(journal.read("k")->state, JournalEntry::State::intent);
  EXPECT_EQ(journal.read("k")->call, "c");
  journal.write("k", {.state = JournalEntry::State::task, .call = "c", .task = "u"});
  EXPECT_EQ(journal.read("k")->task, "u");
}

TEST(Journal, NamesTheTasksOfTheOthers) {
  TempFolder folder;
  const Journal journal(folder.path());
  EXPECT_TRUE(journal.tasks_but("a").empty());
  using enum JournalEntry::State;
  journal.write("a", {.state = task, .task = "t-a"});
  journal.write("b", {.state = task, .task = "t-b"});
  journal.write("c", {.state = intent});
  std::ofstream(folder.path() + "/journal/d.json") << "garbage";
  EXPECT_EQ(journal.tasks_but("a"), std::set<std::string>{"t-b"});
}

TEST(Journal, AnEntryThatCannotBeReadIsAnErrorThatNamesIt) {
  TempFolder folder;
  const Journal journal(folder.path());
  std::filesystem::create_directories(folder.path() + "/journal");
  for (const char* text : {"", "{", "[]", R"({"state":"later"})", R"({"state":"task"})"}) {
    std::ofstream(folder.path() + "/journal/k.json") << text << "\n";
    try {
      journal.read("k");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::format);
      EXPECT_NE(std::string(error.what()).find("k.json"), std::string::npos);
    }
  }
}
