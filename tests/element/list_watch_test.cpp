// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc with watch=true: another version of the list while it runs, however it is written.
#include "live_list.h"

using namespace aigc;

namespace {

constexpr const char* kHead = "id,script\n";

} // namespace

class ListWatchTest : public LiveListTest {
 protected:
  std::string list(const std::string& rows) const { return file("day.csv", kHead + rows); }
  /// As editors save: a new file takes the old one's place.
  void replace(const std::string& rows) const {
    file("new.csv", kHead + rows);
    std::filesystem::rename(folder.path() + "/new.csv", folder.path() + "/day.csv");
  }
  static bool has(const LiveList& live, const std::string& item) {
    return LiveList::until([&] {
      const Texts items = live.items();
      return std::find(items.begin(), items.end(), item) != items.end();
    });
  }
};

TEST_F(ListWatchTest, WhatIsNewIsSentWhatIsGoneIsNot) {
  LiveList live("watch=true location=" + list("a,fox\nb,cat\nc,owl\nd,elk\n"));
  live.play(10);
  EXPECT_EQ(live.wait_for(2), (Texts{"a", "b"}));
  replace("n,bee\na,fox\nd,other words\nm,ant\n"); // b is on its way, c was not sent
  EXPECT_TRUE(has(live, "n:pending:0"));
  EXPECT_EQ(live.items(), (Texts{"a:sent", "n:pending:0", "d:pending:1", "m:pending:2"}));
  EXPECT_TRUE(LiveList::until([&] { return !live.cancelled().empty(); }));
  EXPECT_EQ(live.cancelled(), Texts{"b"});
  live.demand(100);
  live.wait_for(5);
  EXPECT_EQ(live.when_quiet(), (Texts{"a", "b", "n", "d", "m"}));
  EXPECT_EQ(live.words("d"), "other words");
}

TEST_F(ListWatchTest, AnInvalidVersionIsTheOldOne) {
  LiveList live("watch=true on-error=skip location=" + list("a,fox\nb,cat\n"));
  live.play(5);
  live.wait_for(1);
  const std::string path = file("day.csv", "id,script,width\na,fox,\nc,owl,5\n"); // in place
  const std::string warning = live.warning();
  EXPECT_NE(warning.find(path + ": row 2 (line 3): width is 5"), std::string::npos) << warning;
  EXPECT_NE(warning.find("the list stays as it was"), std::string::npos) << warning;
  EXPECT_EQ(live.items(), (Texts{"a:sent", "b:pending:0"}));
  live.demand(100);
  EXPECT_EQ(live.wait_for(2), (Texts{"a", "b"}));
  replace("a,fox\nc,owl\n");
  EXPECT_EQ(live.wait_for(3), (Texts{"a", "b", "c"}));
}

TEST_F(ListWatchTest, TheOldVersionIsReadOnAlsoWhereItsFileWasOverwritten) {
  LiveList live("watch=true loop=-1 location=" + list("a,fox\nb,cat\n"));
  live.play(5);
  live.wait_for(1);
  list("a,fox\na,owl\n");
  EXPECT_NE(live.warning().find("\"a\" is already taken"), std::string::npos);
  live.demand(15);
  EXPECT_EQ(live.wait_for(4), (Texts{"a", "b", "a~2", "b~2"}));
}

TEST_F(ListWatchTest, AFileThatIsEmptiedAndWrittenSlowlyIsReadOnceItHasSettled) {
  LiveList live("watch=true location=" + list("a,fox\nb,cat\n"));
  live.play(5);
  live.wait_for(1);
  {
    std::ofstream slow(folder.path() + "/day.csv", std::ios::trunc);
    for (const char* piece : {"id,scr", "ipt\na,f", "ox\nc,ow", "l\n"}) {
      slow << piece << std::flush;
      g_usleep(400'000);
    }
  }
  EXPECT_TRUE(has(live, "c:pending:0"));
  EXPECT_EQ(live.items(), (Texts{"a:sent", "c:pending:0"}));
  auto quiet = adopt(gst_bus_pop_filtered(live.launch.bus().get(), GST_MESSAGE_WARNING));
  EXPECT_FALSE(quiet);
}

TEST_F(ListWatchTest, AFileThatIsGoneStaysAsItWasUntilItIsBack) {
  LiveList live("watch=true loop=-1 location=" + list("a,fox\n"));
  live.play(10);
  live.wait_for(2);
  std::filesystem::remove(folder.path() + "/day.csv");
  EXPECT_NE(live.warning().find("is gone: the list stays as it was"), std::string::npos);
  live.demand(5);
  EXPECT_EQ(live.wait_for(3), (Texts{"a", "a~2", "a~3"}));
  list("b,cat\n");
  EXPECT_TRUE(has(live, "b~4:pending:0") || has(live, "b~3:pending:0"));
}

TEST_F(ListWatchTest, OrderLanguagesAndTakesHoldInEveryVersion) {
  const auto rows = [](const char* more) {
    return std::string("id,script:zh,script:en\na,狐狸,fox\nb,猫,cat\n") + more;
  };
  LiveList live("watch=true shuffle=true seed=1 languages=zh,en takes=a=3 location=" +
                file("day.csv", rows("")));
  live.play();
  const Texts first = live.wait_for(4);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()),
            (std::set<std::string>{"a.zh", "a.en", "b.zh", "b.en"}));
  file("day.csv", rows("c,猫头鹰,owl\n"));
  const Texts all = live.wait_for(6);
  EXPECT_EQ(Texts(all.begin() + 4, all.end()), (Texts{"c.zh", "c.en"}));
  EXPECT_EQ(live.when_quiet().size(), 6u);
  EXPECT_EQ(live.words("c.zh"), "猫头鹰");
  EXPECT_EQ(live.enqueue("x", "c.en"), "");
  live.warning();
  EXPECT_EQ(live.enqueue("x", "d.zh"), "d.zh");
  file("day.csv", rows("d,麋鹿,elk\n"));
  EXPECT_NE(live.warning().find("\"d.zh\" is left out: a request has its id"), std::string::npos);
}

TEST_F(ListWatchTest, ManyVersionsOneAfterAnother) {
  LiveList live("watch=true location=" + list("a,fox\n"));
  live.play();
  live.wait_for(1);
  std::string rows = "a,fox\n";
  for (int i = 0; i < 200; ++i) {
    rows += "n" + std::to_string(i) + ",owl\n";
    replace(rows);
    g_usleep(5'000);
  }
  EXPECT_EQ(live.wait_for(201).back(), "n199");
  const Texts all = live.when_quiet();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 201u);
}
