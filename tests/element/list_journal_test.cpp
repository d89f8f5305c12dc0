// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc with a journal: what a second run sends after a first one that ended anyhow.
#include "live_list.h"

using namespace aigc;

class ListJournalTest : public LiveListTest {};

TEST_F(ListJournalTest, WhatWasAiredIsNotSentAgainAndWhatWasSentComesFirst) {
  const std::string line =
      "location=" + file("a.csv", "id,script\na,1\nb,2\nc,3\nd,4\n") + journal();
  {
    LiveList live(line);
    live.play(15);
    EXPECT_EQ(live.wait_for(3), (Texts{"a", "b", "c"}));
    live.aired("a");
    live.aired("c", false); // never will be
    live.demand(-60);
    EXPECT_EQ(live.enqueue("fox"), "request-1");
    EXPECT_EQ(live.enqueue("cat"), "request-2");
    EXPECT_TRUE(live.move("request-2", 0));
  }
  LiveList live(line);
  live.play();
  live.wait_for(4);
  EXPECT_EQ(live.when_quiet(), (Texts{"b", "request-2", "request-1", "d"}));
  EXPECT_EQ(live.words("request-2"), "cat");
  EXPECT_EQ(live.enqueue("owl"), "request-3");
}

TEST_F(ListJournalTest, TheTurnOfTheLoopGoesOn) {
  const std::string line = "loop=-1 location=" + file("a.txt", "a\nb\n") + journal();
  for (const Texts& ids : {Texts{"shot-1", "shot-2", "shot-1~2"}, Texts{"shot-2~2", "shot-1~3"}}) {
    LiveList live(line);
    live.play(5.0 * static_cast<double>(ids.size()));
    live.wait_for(ids.size());
    EXPECT_EQ(live.when_quiet(), ids);
    for (const auto& id : ids)
      live.aired(id);
  }
}

TEST_F(ListJournalTest, AJournalOfAnotherListKeepsItsRequests) {
  {
    LiveList live("location=" + file("a.txt", "a\nb\n") + journal());
    live.play(5);
    live.wait_for(1);
    live.demand(-60);
    live.enqueue("fox");
  }
  LiveList live("location=" + file("b.txt", "a\nb\n") + journal());
  live.play();
  EXPECT_NE(live.warning().find("is of another list"), std::string::npos);
  live.wait_for(3);
  EXPECT_EQ(live.when_quiet(), (Texts{"request-1", "shot-1", "shot-2"}));
}

TEST_F(ListJournalTest, WhatIsNoJournalIsLeftAlone) {
  const std::string path = file("day.journal", "my diary\n");
  LiveList live(journal());
  live.play();
  EXPECT_NE(live.error().find("this is no journal of a shot list"), std::string::npos);
  std::ifstream diary(path);
  std::string text;
  std::getline(diary, text);
  EXPECT_EQ(text, "my diary");
}

TEST_F(ListJournalTest, TwoChannelsDoNotShareAJournal) {
  LiveList one(journal());
  one.play();
  one.enqueue("fox");
  LiveList other(journal());
  other.play();
  EXPECT_NE(other.error().find("another process writes it"), std::string::npos);
}

TEST_F(ListJournalTest, AJournalThatCannotBeWrittenIsAWarningOnce) {
  LiveList live("journal=" + folder.path() + "/nowhere/day.journal");
  live.play();
  for (int i = 0; i < 3; ++i)
    live.enqueue("fox");
  EXPECT_EQ(live.wait_for(3).size(), 3u);
  EXPECT_NE(live.warning().find("it cannot be written"), std::string::npos);
  EXPECT_FALSE(adopt(gst_bus_pop_filtered(live.launch.bus().get(), GST_MESSAGE_WARNING)));
}
