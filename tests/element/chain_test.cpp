// SPDX-License-Identifier: LGPL-2.1-or-later
// Chains of shots: each begins where the clip before it ends, also after failures, in other runs,
// turns and languages.
#include "chain_rig.h"

TEST_F(ChainTest, EachShotBeginsWhereTheClipBeforeItEnds) {
  Filming filming(list(kThree) + kCamera);
  run(filming);
  ASSERT_EQ(filming.ids(), (Names{"a", "b", "c"}));
  const auto clips = filming.clips();
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].first, "");
  EXPECT_EQ(sent[0].model, "wan2.2-t2v-plus");
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(sent[i].model, "wan2.2-i2v-plus");
    EXPECT_EQ(place_of(sent[i].first, clips[i - 1]), kLastShown);
    EXPECT_LT(sent[i - 1].fetched, sent[i].sent);
  }
  // Which says nothing where all clips are the same.
  EXPECT_EQ(place_of(sent[2].first, clips[0]), -1);
}

TEST_F(ChainTest, ChainsRunAtOnceEachOneAfterAnother) {
  standin.fail(R"([{"route":"task","kind":"task-state","state":"RUNNING","times":-1}])");
  Filming filming(list(R"([{"id":"a1","script":"fox","chain":"a"},
                           {"id":"a2","script":"fox again","chain":"a"},
                           {"id":"b1","script":"owl","chain":"b"},
                           {"id":"b2","script":"owl again","chain":"b"}])") +
                  kCamera + "max-in-flight=4");
  gst_element_set_state(filming.launch.get(), GST_STATE_PLAYING);
  // Nothing ends, and the first of both chains are under way.
  EXPECT_TRUE(eventually([&] { return orders().size() == 2; }));
  standin.fail("[]");
  run(filming);
  EXPECT_EQ(filming.ids(), (Names{"a1", "a2", "b1", "b2"}));
  const auto clips = filming.clips();
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].first + sent[1].first, "");
  EXPECT_LT(std::max(sent[0].sent, sent[1].sent), std::min(sent[0].fetched, sent[1].fetched));
  for (const size_t before : {0u, 2u}) { // in the order of the list
    int begin_there = 0;
    for (const size_t later : {2u, 3u})
      begin_there += place_of(sent[later].first, clips[before]) == 5 * kFps - 1;
    EXPECT_GE(begin_there, 1) << before;
  }
  for (const size_t later : {2u, 3u})
    EXPECT_GT(sent[later].sent, std::min(sent[0].fetched, sent[1].fetched));
}

TEST_F(ChainTest, AfterALinkThatFailedTheNextBeginsWithItsOwnKeyframe) {
  const std::string shots = list(kThree);
  ASSERT_TRUE(Launch(shots + " ! qwenimagesrc ! multifilesink location=" + folder.path() + "/k%d")
                  .run()
                  .eos);
  for (const char* state : {"FAILED", "CANCELED"}) {
    SCOPED_TRACE(state);
    const size_t before = orders().size();
    standin.fail(R"([{"route":"video","kind":"task-state","skip":1,"state":")" +
                 std::string(state) + R"("}])");
    Filming filming(shots + " ! qwenimagesrc ! wanxclipgen poll-interval=20 on-error=skip "
                            "use-cache=false max-retries=0");
    const Ran ran = filming.launch.run();
    EXPECT_TRUE(ran.eos);
    EXPECT_EQ(ran.warnings.size(), 1u);
    EXPECT_EQ(filming.ids(), (Names{"a", "c"}));
    auto sent = orders();
    sent.erase(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(before));
    ASSERT_EQ(sent.size(), 3u);
    EXPECT_TRUE(bytes_of(sent[0].first) == content_of(folder.path() + "/k0"));
    EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), kLastShown);
    EXPECT_TRUE(bytes_of(sent[2].first) == content_of(folder.path() + "/k2"));
  }
}

TEST_F(ChainTest, AnotherRunPaysNothing) {
  const std::string line = list(kThree) + " ! qwenimagesrc" + kCamera;
  Filming first(line);
  run(first);
  const size_t paid = billed(), asked = orders().size();
  EXPECT_EQ(paid, 6u);
  Filming second(line);
  run(second);
  EXPECT_EQ(billed(), paid);
  EXPECT_EQ(orders().size(), asked);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(first.clips()[i].path, second.clips()[i].path);
}

TEST_F(ChainTest, EachTurnOfALoopIsTheSameChainAgain) {
  Filming filming(list(R"([{"id":"a","script":"fox","chain":"c"},
                           {"id":"b","script":"owl","chain":"c"}])") +
                  " loop=2" + kCamera);
  run(filming);
  EXPECT_EQ(filming.ids(), (Names{"a", "b", "a~2", "b~2"}));
  EXPECT_EQ(orders().size(), 2u);
  const auto clips = filming.clips();
  EXPECT_EQ(clips[0].path, clips[2].path);
  EXPECT_EQ(clips[1].path, clips[3].path);
}

TEST_F(ChainTest, EachLanguageIsAChainOfItsOwn) {
  Filming filming(list(R"([{"id":"a","script":"fox","chain":"c"},
                           {"id":"b","script":"owl","chain":"c"}])") +
                  " languages=zh,en" + kCamera + "seed=1 use-cache=false");
  run(filming);
  size_t afresh = 0;
  for (const Order& order : orders())
    afresh += order.first.empty();
  EXPECT_EQ(afresh, 2u);
  EXPECT_EQ(orders().size(), 4u);
}

TEST_F(ChainTest, AChainMayHaveShotsInSeveralLanguages) {
  Filming filming(list(R"([{"script":"fox","chain":"c","language":"en"},
                           {"script":"owl","chain":"c","language":"zh"}])") +
                  kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, IdsThatEndAsIfInALanguageOrTurnBreakNoChain) {
  Filming filming(list(R"([{"id":"scene~1","script":"fox","chain":"c"},
                           {"id":"a.en","script":"owl","chain":"c","language":"en"},
                           {"id":"b","script":"cat","chain":"c","language":"en"}])") +
                  kCamera);
  run(filming);
  size_t afresh = 0;
  for (const Order& order : orders())
    afresh += order.first.empty();
  EXPECT_EQ(afresh, 1u);
  EXPECT_EQ(orders().size(), 3u);
}

TEST_F(ChainTest, StoppedInTheMiddleItIsPaidOnce) {
  standin.configure(R"({"video": {"seconds_list": [0, 1.5, 0]}})");
  const std::string line = list(kThree) + kCamera;
  {
    Filming first(line);
    gst_element_set_state(first.launch.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(eventually([&] { return orders().size() == 2; }));
    const auto begun = std::chrono::steady_clock::now();
    gst_element_set_state(first.launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  }
  Filming again(line);
  run(again);
  EXPECT_EQ(again.ids(), (Names{"a", "b", "c"}));
  EXPECT_EQ(billed(), 3u);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(place_of(sent[2].first, again.clips()[1]), kLastShown);
}

TEST_F(ChainTest, AfterAFlushTheNextShotBeginsAfresh) {
  standin.configure(R"({"video": {"seconds_list": [0, 600, 0, 0]}})");
  Filming filming("appsrc name=words format=time caps=\"text/x-raw,format=(string)utf8\" "
                  "! wanxclipgen chain=true poll-interval=20");
  const auto words = filming.launch.element("words");
  const auto push = [&](const std::string& text) {
    GstBuffer* buffer = gst_buffer_new_memdup(text.data(), text.size());
    EXPECT_EQ(gst_app_src_push_buffer(GST_APP_SRC(words.get()), buffer), GST_FLOW_OK);
  };
  gst_element_set_state(filming.launch.get(), GST_STATE_PLAYING);
  push("fox");
  push("owl");
  ASSERT_TRUE(eventually([&] { return orders().size() == 2; }));
  gst_element_send_event(words.get(), gst_event_new_flush_start());
  gst_element_send_event(words.get(), gst_event_new_flush_stop(TRUE));
  push("cat");
  push("dog");
  gst_app_src_end_of_stream(GST_APP_SRC(words.get()));
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_NE(sent[1].first, "");
  EXPECT_EQ(sent[2].first, "");
  const auto clips = filming.clips();
  EXPECT_EQ(place_of(sent[3].first, clips[clips.size() - 2]), 5 * kFps - 1);
}
