// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc as the list of a channel: edits while it runs, demand, waiting for more, and stopping.
#include "live_list.h"

#include <thread>

using namespace aigc;

TEST_F(LiveListTest, AChannelOfRequestsAloneWaitsForThem) {
  LiveList live(journal());
  live.play();
  EXPECT_EQ(live.enqueue("a fox"), "request-1");
  EXPECT_EQ(live.wait_for(1), Texts{"request-1"});
  EXPECT_EQ(live.words("request-1"), "a fox");
  EXPECT_EQ(live.enqueue("a cat", "cat"), "cat");
  EXPECT_EQ(live.wait_for(2), (Texts{"request-1", "cat"}));
  EXPECT_EQ(live.enqueue("a cat", "cat"), "");
  EXPECT_NE(live.warning().find("\"cat\" was used before"), std::string::npos);
  EXPECT_EQ(live.items(), (Texts{"request-1:sent", "cat:sent"}));
  live.aired("cat");
  EXPECT_EQ(live.items(), Texts{"request-1:sent"});
  EXPECT_FALSE(live.has_ended());
}

TEST_F(LiveListTest, AFilmEndsAndAChannelWaits) {
  const std::string path = file("a.txt", "fox\ncat\n");
  LiveList film("location=" + path);
  film.play();
  EXPECT_TRUE(LiveList::until([&] { return film.has_ended(); }));
  EXPECT_EQ(film.ids(), (Texts{"shot-1", "shot-2"}));
  EXPECT_EQ(film.enqueue("owl"), "");
  EXPECT_NE(film.warning().find("the list has ended"), std::string::npos);
  LiveList channel("watch=true location=" + path);
  channel.play();
  channel.wait_for(2);
  channel.enqueue("owl");
  EXPECT_EQ(channel.wait_for(3), (Texts{"shot-1", "shot-2", "request-1"}));
  gst_element_send_event(channel.launch.get(), gst_event_new_eos());
  EXPECT_TRUE(LiveList::until([&] { return channel.has_ended(); }));
}

TEST_F(LiveListTest, BadShotsAreRefusedWithAWarning) {
  LiveList live(journal());
  live.play();
  const std::pair<const char*, const char*> shots[] = {
      {"shot, script=fox, width=(int)5", "width is 5"},
      {"shot, script=fox, at=(string)tomorrow", "at is \"tomorrow\""},
      {"shot, script=fox, at=(string)\"2020-01-01T00:00:00Z\"", "at is over"},
      {"shot, script=(string)\"\"", "script: missing"},
      {"shot, script=(int)7", "script must be a string"},
      {"shot, id=(string)\"a~2\", script=fox", "ends as in a turn"},
  };
  for (const auto& [fields, said] : shots) {
    EXPECT_EQ(live.insert(fields, 0), "") << fields;
    const std::string warning = live.warning();
    EXPECT_NE(warning.find(said), std::string::npos) << warning;
  }
  EXPECT_EQ(live.insert("shot, script=fox, width=(int)640, duration=(int)3, id=good", 0), "good");
  EXPECT_EQ(live.wait_for(1), Texts{"good"});
}

TEST_F(LiveListTest, DemandHoldsTheListBackAndRequestsGoFirst) {
  LiveList live("location=" + file("a.txt", "a\nb\nc\nd\n") + " loop=-1");
  live.play(10);
  EXPECT_EQ(live.wait_for(2).size(), 2u);
  EXPECT_EQ(live.when_quiet(), (Texts{"shot-1", "shot-2"}));
  EXPECT_EQ(live.items(),
            (Texts{"shot-1:sent", "shot-2:sent", "shot-3:pending:0", "shot-4:pending:1"}));
  EXPECT_EQ(live.enqueue("now"), "request-1"); // whatever the demand
  live.wait_for(3);
  EXPECT_EQ(live.field("request"), "1");
  EXPECT_TRUE(live.move("shot-4", 0));
  EXPECT_EQ(live.insert("shot, script=then, id=then", 1), "then");
  EXPECT_TRUE(live.remove("shot-3"));
  live.demand(15);
  EXPECT_EQ(live.wait_for(6),
            (Texts{"shot-1", "shot-2", "request-1", "shot-4", "then", "shot-1~2"}));
}

TEST_F(LiveListTest, WhatWasSentAndIsRemovedIsCancelledDownstreamAtOnce) {
  LiveList live("location=" + file("a.txt", "a\nb\n") + journal());
  live.is_blocked = true; // the streaming thread waits in the sink
  live.play();
  live.wait_for(1);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(live.remove("shot-1"));
  EXPECT_FALSE(live.remove("shot-1"));
  EXPECT_FALSE(live.remove("nobody"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  EXPECT_TRUE(LiveList::until([&] { return !live.cancelled().empty(); }));
  EXPECT_EQ(live.cancelled(), Texts{"shot-1"});
  EXPECT_TRUE(live.remove("shot-2")); // was not sent: nobody need know
  live.is_blocked = false;
  EXPECT_EQ(live.when_quiet(), Texts{"shot-1"});
  EXPECT_EQ(live.cancelled(), Texts{"shot-1"});
}

TEST_F(LiveListTest, EditsInReadyAreOfTheNextRunAndEachRunBeginsAfresh) {
  LiveList live("location=" + file("a.txt", "a\n") + " watch=true");
  for (int run = 0; run < 2; ++run) {
    gst_element_set_state(live.launch.get(), GST_STATE_READY);
    EXPECT_EQ(live.enqueue("first"), "request-1");
    live.play();
    EXPECT_EQ(live.wait_for(2 * (run + 1u)).size(), 2 * (run + 1u));
  }
  EXPECT_EQ(live.when_quiet(), (Texts{"request-1", "shot-1", "request-1", "shot-1"}));
}

TEST_F(LiveListTest, ItStopsAtOnceWhileItWaits) {
  for (const auto& settings : {journal(), "location=" + file("a.txt", "a\n") + " watch=true",
                               "location=" + file("b.txt", "a\n") + " loop=-1"}) {
    LiveList live(settings);
    live.play(0);
    live.when_quiet();
    const auto begun = std::chrono::steady_clock::now();
    gst_element_set_state(live.launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1)) << settings;
  }
}

TEST_F(LiveListTest, WhatDoesNotGoTogetherIsSaidAtTheStart) {
  const std::string path = file("a.txt", "a\n");
  const std::pair<std::string, const char*> lines[] = {
      {"", "there are no shots"},
      {"watch=true", "watch is set, and location is not"},
      {"script=fox watch=true", "watch is set, and location is not"},
      {"watch=true shard-count=2 location=" + path, "watch is set, and shard-count is 2"},
  };
  for (const auto& [settings, said] : lines) {
    LiveList live(settings);
    live.play();
    const std::string error = live.error();
    EXPECT_NE(error.find(said), std::string::npos) << error;
  }
}

TEST_F(LiveListTest, AFixedTimeGoesOutBeforeItWhateverElseThereIs) {
  const auto in = [](gint64 minutes) {
    auto now = adopt(g_date_time_new_now_utc());
    auto then = adopt(g_date_time_add_minutes(now.get(), static_cast<int>(minutes)));
    return take_string(g_date_time_format_iso8601(then.get()));
  };
  const std::string path = file("a.csv", "id,script,at\na,fox,\nlate,cat," + in(-5) + "\nfar,owl," +
                                             in(30) + "\nsoon,elk," + in(5) + "\nb,bee,\n");
  LiveList live("watch=true location=" + path);
  live.play(0);
  EXPECT_EQ(live.wait_for(1), Texts{"soon"});
  EXPECT_NE(live.warning().find("\"late\": at is over"), std::string::npos);
  const Texts items = live.items();
  EXPECT_EQ(items, (Texts{"soon:sent", "a:pending:0", "b:pending:1", "far:pending"}));
  live.insert(("shot, script=ant, id=now, at=(string)\"" + in(1) + "\"").c_str(), 0);
  EXPECT_EQ(live.wait_for(2), (Texts{"soon", "now"}));
  EXPECT_TRUE(live.remove("far"));
  live.demand(100);
  live.wait_for(4);
  EXPECT_EQ(live.when_quiet(), (Texts{"soon", "now", "a", "b"}));
  LiveList film("location=" + path); // which ends, and waits for nothing
  film.play();
  EXPECT_TRUE(LiveList::until([&] { return film.has_ended(); }));
  EXPECT_EQ(film.ids(), (Texts{"soon", "a", "b", "far"}));
}

TEST_F(LiveListTest, ARequestGetsTheBrandOfTheListAndKeepsItsFields) {
  LiveList live("brand=Acme" + journal());
  live.play();
  live.insert("shot, script=fox, seed=(int)7, references=(string){ \"http://x/a.png\" }", 0);
  live.wait_for(1);
  EXPECT_EQ(live.field("brand"), "Acme");
  EXPECT_EQ(live.field("seed"), "7");
  EXPECT_EQ(live.field("request"), "1");
  EXPECT_NE(live.field("references").find("http://x/a.png"), std::string::npos);
}

TEST_F(LiveListTest, ManyThreadsEditAtOnce) {
  LiveList live(journal());
  live.play();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const std::string id = live.enqueue("fox");
        live.items();
        live.move(id.c_str(), 0);
        if (i % 5 == 0) live.remove(id);
        live.demand(1000);
      }
    });
  for (auto& thread : threads)
    thread.join();
  const Texts ids = live.when_quiet();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_GE(ids.size(), 80u);
}
