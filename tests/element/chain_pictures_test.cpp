// SPDX-License-Identifier: LGPL-2.1-or-later
// What a shot is filmed from: its words, reference pictures, the last frame, and who decides on a
// keyframe.
#include "chain_rig.h"

TEST_F(ChainTest, OfAShotThatGoesOnItsWordsAreSaidToo) {
  Filming filming(list(R"([{"script":"a fox","motion-prompt":"it leaps","chain":"c"},
                           {"script":"an owl","motion-prompt":"it flies","chain":"c"}])") +
                  " ! qwenimagesrc" + kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].prompt, "it leaps"); // its keyframe shows the fox
  EXPECT_EQ(sent[1].prompt, "it flies\nan owl");
}

TEST_F(ChainTest, TheReferencesOfAShotAreFilmedFrom) {
  const std::string hero = picture("hero.png", 512, 512);
  Filming filming(list(R"([{"script":"fox","chain":"c","references":[")" + hero +
                       R"("]},{"script":"owl","chain":"c","references":[")" + hero + R"("]}])") +
                  kCamera);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].model, "wan2.7-r2v");
  ASSERT_EQ(sent[0].references.size(), 1u);
  EXPECT_TRUE(sent[0].references[0].starts_with("reference_image data:image/png;base64,"));
  EXPECT_TRUE(bytes_of(sent[0].references[0]) == content_of(hero));
  // A clip has one beginning: from the second on it is the frame before.
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, TheReferencesOfEachShotArePaintedFrom) {
  const std::string hero = picture("hero.png", 512, 512), place = picture("place.png", 512, 400);
  Filming filming(list(R"([{"script":"fox","chain":"c","references":[")" + hero +
                       R"("]},{"script":"owl","chain":"c","references":[")" + hero + R"(",")" +
                       place + R"("]}])") +
                  " ! qwenimagesrc max-in-flight=1" + kCamera);
  run(filming);
  const auto painted = bodies("image-sync");
  ASSERT_EQ(painted.size(), 2u);
  const auto sent_picture = [&](size_t shot, size_t number) {
    const JsonView content = painted[shot]["input"]["messages"].at(0)["content"];
    return bytes_of(content.at(number)["image"].text());
  };
  EXPECT_TRUE(sent_picture(0, 0) == content_of(hero));
  EXPECT_TRUE(sent_picture(1, 0) == content_of(hero));
  EXPECT_TRUE(sent_picture(1, 1) == content_of(place));
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[0].first, "");
  EXPECT_EQ(place_of(sent[1].first, filming.clips()[0]), 5 * kFps - 1);
}

TEST_F(ChainTest, AClipEndsOnTheLastFrameAskedFor) {
  const std::string end = picture("end.png", 640, 360);
  Filming filming(list(kThree) +
                  " ! qwenimagesrc ! wanxclipgen poll-interval=20 last-frame=" + end);
  run(filming);
  const auto sent = orders();
  ASSERT_EQ(sent.size(), 3u);
  for (const Order& order : sent) {
    EXPECT_EQ(order.model, "wan2.2-kf2v-flash");
    EXPECT_TRUE(bytes_of(order.last) == content_of(end));
  }
  EXPECT_EQ(place_of(sent[0].first, filming.clips()[0]), -1); // its keyframe
  for (size_t i = 1; i < 3; ++i)
    EXPECT_EQ(place_of(sent[i].first, filming.clips()[i - 1]), kLastShown);
}

TEST_F(ChainTest, TheListGoesBeforeTheWriterAndThePropertyBeforeTheList) {
  EXPECT_EQ(filmed("never", "auto"), "titt");
  EXPECT_EQ(filmed("always", "auto"), "tiii");
  EXPECT_EQ(filmed("never", "always"), "iiii");
  EXPECT_EQ(filmed("always", "never"), "tttt");
}
