// SPDX-License-Identifier: LGPL-2.1-or-later
// What livepushsink shows of a location, and what it keeps for a slow peer.
#include "../../elements/livepushsink_queue.h"
#include "../../elements/livepushsink_target.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

constexpr GstClockTimeDiff kFrame = 40 * GST_MSECOND;

/// Frame `number` at 25 a second, every tenth a key frame.
PushUnit picture(int number) {
  return {.buffer = adopt(gst_buffer_new()),
          .pts = number * kFrame,
          .dts = number * kFrame,
          .is_key = number % 10 == 0};
}

PushUnit sound(int number) {
  return {.buffer = adopt(gst_buffer_new()), .pts = number * kFrame, .dts = number * kFrame};
}

std::string fault_of(const std::string& location) {
  try {
    PushTarget target(location);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_FALSE(error.remedy.empty());
    return error.what();
  }
  return {};
}

} // namespace

TEST(PushTarget, ShowsNoSecret) {
  EXPECT_EQ(PushTarget("rtmp://me:pass-word@live.example:1936/app/live_key?auth=token1").shown(),
            "rtmp://live.example:1936/app");
  EXPECT_EQ(PushTarget("rtmps://live.example/a/b/live_key").shown(), "rtmps://live.example/a/b");
  EXPECT_EQ(PushTarget("srt://live.example:9000?passphrase=0123456789&streamid=me").shown(),
            "srt://live.example:9000");
  EXPECT_EQ(PushTarget("srt://[::1]:9000").shown(), "srt://[::1]:9000");
}

TEST(PushTarget, StrikesSecretsOutOfWhatOthersSay) {
  const PushTarget rtmp("rtmp://me:pass-word@live.example/app/live_key?auth=token1");
  EXPECT_EQ(rtmp.scrub("no stream live_key (me:pass-word), live_key?auth=token1"),
            "no stream *** (***), ***?***");
  const PushTarget srt("srt://h:9000?passphrase=0123456789&streamid=%23%21%3A%3Ar%3Dx");
  EXPECT_EQ(srt.scrub("bad 0123456789, bad #!::r=x, bad %23%21%3A%3Ar%3Dx"),
            "bad ***, bad ***, bad ***");
  EXPECT_EQ(PushTarget("rtmp://h/app/a").scrub("a cat"), "a cat"); // too short to hide anything
}

TEST(PushTarget, KnowsWhoCalls) {
  EXPECT_FALSE(PushTarget("srt://127.0.0.1:9000").listens());
  EXPECT_TRUE(PushTarget("srt://127.0.0.1:9000?mode=listener").listens());
  EXPECT_TRUE(PushTarget("srt://:9000").listens());
}

TEST(PushTarget, SaysWhatIsWrong) {
  EXPECT_NE(fault_of("").find("not set"), std::string::npos);
  for (const char* location : {"http://h/app/key", "live", "rtmp", "file:///a"})
    EXPECT_NE(fault_of(location).find("no rtmp, rtmps or srt address"), std::string::npos)
        << location;
  for (const char* location : {"rtmp://h", "rtmp://h/app", "rtmp://h/app/", "rtmp:///app/key"})
    EXPECT_NE(fault_of(location).find("lacks"), std::string::npos) << location;
  EXPECT_NE(fault_of("srt://host").find("lacks a port"), std::string::npos);
  const std::string fault = fault_of("srt://host:9000?passphrase=short-one");
  EXPECT_NE(fault.find("9 bytes"), std::string::npos);
  EXPECT_EQ(fault.find("short-one"), std::string::npos);
}

TEST(PushQueue, BeginsWithAKeyFrame) {
  PushQueue queue;
  queue.begin(true);
  EXPECT_TRUE(queue.wants_key());
  EXPECT_FALSE(queue.wants_key()); // asked once
  for (int number = 7; number < 12; ++number) {
    queue.add(PushMedia::audio, sound(number), GST_SECOND);
    queue.add(PushMedia::video, picture(number), GST_SECOND);
  }
  EXPECT_EQ(queue.next(PushMedia::video)->dts, 10 * kFrame);
  EXPECT_EQ(queue.next(PushMedia::audio)->dts, 11 * kFrame);
  EXPECT_EQ(queue.dropped(), 3u);
}

TEST(PushQueue, SoundAloneNeedsNoKeyFrame) {
  PushQueue queue;
  queue.begin(false);
  EXPECT_FALSE(queue.wants_key());
  for (int number = 0; number < 100; ++number)
    queue.add(PushMedia::audio, sound(number), 10 * kFrame);
  EXPECT_EQ(queue.next(PushMedia::audio)->dts, 89 * kFrame);
}

TEST(PushQueue, DropsUpToTheNextKeyFrameAndTheSoundBeforeIt) {
  PushQueue queue;
  queue.begin(true);
  queue.wants_key();
  for (int number = 0; number <= 16; ++number) {
    queue.add(PushMedia::video, picture(number), 15 * kFrame);
    queue.add(PushMedia::audio, sound(number), 15 * kFrame);
  }
  EXPECT_EQ(queue.dropped(), 10u);
  EXPECT_FALSE(queue.wants_key()); // there was one
  EXPECT_EQ(queue.next(PushMedia::video)->dts, 10 * kFrame);
  EXPECT_EQ(queue.next(PushMedia::audio)->dts, 10 * kFrame);
}

TEST(PushQueue, AsksForAKeyFrameWhereThereIsNone) {
  PushQueue queue;
  queue.begin(true);
  queue.wants_key();
  for (int number = 0; number <= 6; ++number)
    queue.add(PushMedia::video, picture(number), 5 * kFrame);
  EXPECT_TRUE(queue.wants_key());
  EXPECT_TRUE(queue.is_empty(PushMedia::video));
  EXPECT_EQ(queue.dropped(), 7u);
  queue.add(PushMedia::video, picture(7), 5 * kFrame);
  EXPECT_TRUE(queue.is_empty(PushMedia::video));
  queue.add(PushMedia::video, picture(20), 5 * kFrame);
  EXPECT_EQ(queue.next(PushMedia::video)->dts, 20 * kFrame);
}
