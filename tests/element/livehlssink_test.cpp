// SPDX-License-Identifier: LGPL-2.1-or-later
// livehlssink in pipelines: key frames on the grid, items, restarts, formats that change, and an
// end in any phase. What the playlist looks like at each moment is for tests/hls.
#include "launch.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <regex>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> all(const std::string& text, const std::string& pattern) {
  const std::regex what(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), what), end; at != end; ++at)
    found.push_back(at->str(1));
  return found;
}

class LiveHlsSinkTest : public testing::Test {
 protected:
  std::string sink(const std::string& properties = "") const {
    return " livehlssink name=hls location=" + folder.path() +
           "/s%05d.ts playlist-location=" + folder.path() + "/live.m3u8 " + properties + " ";
  }
  static std::string video(int frames, const std::string& more = "",
                           const std::string& encoder = "key-int-max=250 speed-preset=ultrafast") {
    return "videotestsrc num-buffers=" + std::to_string(frames) + " " + more +
           " ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc " + encoder +
           " ! h264parse ! hls.video ";
  }
  static std::string audio(int seconds, const std::string& more = "") {
    return "audiotestsrc samplesperbuffer=480 num-buffers=" + std::to_string(seconds * 100) + " " +
           more + " ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! hls.audio ";
  }
  std::string playlist() const { return text_of(folder.path() + "/live.m3u8"); }
  std::vector<std::string> durations() const { return all(playlist(), "EXTINF:([0-9.]+)"); }
  size_t segments() const {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder.path()))
      count += entry.path().extension() == ".ts";
    return count;
  }

  std::string file(size_t number, const char* more = "") const {
    char name[40];
    g_snprintf(name, sizeof name, "/s%05u.ts%s", static_cast<unsigned>(number), more);
    return folder.path() + name;
  }
  /// The disk does from that segment on, as who opens a pipe that nobody reads waits.
  void stand_still(size_t segment) {
    pipe_ = file(segment, ".part");
    ASSERT_EQ(mkfifo(pipe_.c_str(), 0600), 0) << "it comes too late";
  }
  void go_on() const {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_TRUE(wait_until([this] {
      close(open(pipe_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
      return !fs::exists(pipe_);
    }));
  }
  template <typename IsSo> static bool wait_until(IsSo is_so) {
    for (int wait = 0; wait < 2000 && !is_so(); ++wait)
      g_usleep(10'000);
    return is_so();
  }

  TempFolder folder;

 private:
  std::string pipe_;
};

/// Ten times as fast as any other: a standstill of 2.5 s is one of 25 s.
aigc::Ref<GstClock> fast_clock(const Launch& launch) {
  auto clock = aigc::adopt(GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, "name", "fast", nullptr)));
  gst_clock_set_calibration(clock.get(), 0, 0, 10, 1);
  gst_pipeline_use_clock(GST_PIPELINE(launch.get()), clock.get());
  return clock;
}

/// Counts the buffers that pass the pad.
void count(GstElement* element, const char* name, std::atomic<guint64>& passed) {
  const auto pad = aigc::adopt(gst_element_get_static_pad(element, name));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer to) {
        ++*static_cast<std::atomic<guint64>*>(to);
        return GST_PAD_PROBE_OK;
      },
      &passed, nullptr);
}

/// How many wait on the bus.
unsigned messages(const Launch& launch, GstMessageType type) {
  unsigned found = 0;
  while (aigc::adopt(gst_bus_pop_filtered(launch.bus().get(), type)))
    ++found;
  return found;
}

void expect_clean(Ran ran) {
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.errors, std::vector<std::string>());
  // What is written faster than it plays ends in the future.
  std::erase_if(ran.warnings, [](const auto& text) {
    return text.find("behind the times of the playlist") != std::string::npos;
  });
  EXPECT_EQ(ran.warnings, std::vector<std::string>());
}

} // namespace

TEST_F(LiveHlsSinkTest, SegmentsAreAsLongAsAskedWhateverTheEncoderWouldDo) {
  // key-int-max is 10 s: the key frames are those that were asked for.
  expect_clean(Launch(video(25 * 32) + audio(32) + sink()).run());
  EXPECT_EQ(durations(), (std::vector<std::string>{"6.000000", "6.000000", "6.000000", "6.000000",
                                                   "6.000000", "2.000000"}));
  EXPECT_NE(playlist().find("#EXT-X-ENDLIST"), std::string::npos);
  EXPECT_EQ(playlist().find("DISCONTINUITY\n"), std::string::npos);
}

TEST_F(LiveHlsSinkTest, AnEncoderThatLooksAheadForLongerThanASegmentIsInTimeAfterTheFirst) {
  const auto ran = Launch(video(25 * 20, "", "key-int-max=250 rc-lookahead=50 bframes=0") +
                          audio(20) + sink("target-duration=1"))
                       .run();
  expect_clean(ran);
  for (const auto& duration : durations())
    EXPECT_EQ(duration, "1.000000");
  EXPECT_EQ(playlist().find("#EXT-X-GAP"), std::string::npos);
}

TEST_F(LiveHlsSinkTest, WithKeyFramesOfItsOwnItLosesNotEvenTheFirst) {
  const auto ran = Launch(video(25 * 10, "", "rc-lookahead=50 bframes=0 key-int-max=25") +
                          audio(10) + sink("target-duration=1"))
                       .run();
  expect_clean(ran);
  EXPECT_EQ(segments(), 10u);
}

TEST_F(LiveHlsSinkTest, WithoutSoundAndWithSoundRequestedFirst) {
  expect_clean(Launch(video(250) + sink("target-duration=2")).run());
  EXPECT_EQ(segments(), 5u);
  expect_clean(Launch(sink("target-duration=2") + audio(10) + video(250)).run());
  EXPECT_EQ(segments(), 10u);
}

TEST_F(LiveHlsSinkTest, ALateKeyFrameLeavesAPartOutAndSaysWhatToDo) {
  // Encoded before: nobody can be asked for key frames any more.
  const std::string file = folder.path() + "/old.mkv";
  expect_clean(
      Launch("videotestsrc num-buffers=1000 ! video/x-raw,width=64,height=64,framerate=25/1 "
             "! x264enc speed-preset=ultrafast key-int-max=250 ! h264parse ! matroskamux ! "
             "filesink location=" +
             file)
          .run());
  const auto ran =
      Launch("filesrc location=" + file + " ! matroskademux ! h264parse ! hls.video " + sink())
          .run();
  EXPECT_TRUE(ran.eos);
  ASSERT_FALSE(ran.warnings.empty());
  EXPECT_NE(ran.warnings[0].find("no key frame came"), std::string::npos) << ran.warnings[0];
  EXPECT_NE(playlist().find("#EXT-X-GAP"), std::string::npos);
  for (const auto& duration : durations())
    EXPECT_LT(std::stod(duration), 6.5);
}

TEST_F(LiveHlsSinkTest, ItemsOfTheTagsAreDateRanges) {
  const Launch launch(
      video(500, "! taginject tags=title=\\\"Cat\\\",extended-comment=\\\"id=a\\\"") +
      sink("target-duration=2"));
  expect_clean(launch.run());
  EXPECT_EQ(all(playlist(), "X-ITEM-ID=\"([^\"]*)\",X-TITLE=\"Cat\",X-GENERATED=\"YES\""),
            std::vector<std::string>{"a"});
}

TEST_F(LiveHlsSinkTest, AnItemOnAirEndsWithItsLastFrame) {
  const std::string clip = folder.path() + "/cat.mp4", list = folder.path() + "/clips.txt";
  Launch("videotestsrc num-buffers=50 ! video/x-raw,width=64,height=64,framerate=25/1 ! "
         "x264enc ! h264parse ! mp4mux ! filesink location=" +
         clip)
      .run();
  std::ofstream(list) << clip << "\n";
  const Launch launch("filesrc location=" + list +
                      " ! text/uri-list ! clipplayout name=air repeat-frame-max=200000000 "
                      "video-caps=video/x-raw,width=64,height=64 air.video ! x264enc "
                      "tune=zerolatency speed-preset=ultrafast ! h264parse ! hls.video " +
                      sink("target-duration=1"));
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  const auto ranges = [this] {
    return all(playlist(), "#EXT-X-DATERANGE:[^\n]*(DURATION=[^\n]*)");
  };
  for (int wait = 0; wait < 1500 && ranges().empty(); ++wait)
    g_usleep(10'000);
  const std::string ended = "DURATION=2.000000,X-ITEM-ID=\"cat.mp4\",X-TITLE=\"cat.mp4\","
                            "X-TIER=\"item\",X-GENERATED=\"YES\"";
  EXPECT_EQ(ranges(), std::vector<std::string>{ended});
  EXPECT_EQ(all(playlist(), "(#EXT-X-DATERANGE)").size(), 1u) << "none for the slate";
}

TEST_F(LiveHlsSinkTest, StartedAgainAfterAStopItGoesOn) {
  for (int i = 0; i < 2; ++i) {
    // NULL without EOS: the channel stops for a restart.
    const Launch launch(video(100'000, "is-live=true") + sink("target-duration=1"));
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    for (int wait = 0; wait < 600 && segments() < static_cast<size_t>(i + 1); ++wait)
      g_usleep(10'000);
  }
  const std::string text = playlist();
  EXPECT_EQ(text.find("#EXT-X-ENDLIST"), std::string::npos);
  EXPECT_EQ(all(text, "(#EXT-X-DISCONTINUITY)\n").size(), 1u) << text;
  EXPECT_NE(text.find("s00000.ts\n#EXT-X-DISCONTINUITY\n"), std::string::npos) << text;
  EXPECT_NE(text.find("s00001.ts\n"), std::string::npos) << text;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    EXPECT_NE(entry.path().extension(), ".part");
}

TEST_F(LiveHlsSinkTest, TheSameElementRunsTwice) {
  const Launch launch(video(250) + audio(10) + sink("target-duration=2"));
  for (int i = 1; i <= 2; ++i) {
    expect_clean(launch.run());
    gst_element_set_state(launch.get(), GST_STATE_NULL);
    EXPECT_EQ(segments(), 5u * i);
  }
}

TEST_F(LiveHlsSinkTest, AnotherFormatIsADiscontinuity) {
  // Both from the same line: a size that changes in the middle.
  const Launch launch(
      "videotestsrc num-buffers=200 name=src ! capsfilter name=size "
      "caps=video/x-raw,width=64,height=64,framerate=25/1 ! "
      "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=250 ! h264parse ! "
      "hls.video " +
      sink("target-duration=2"));
  auto src = launch.element("src");
  auto size = launch.element("size");
  auto pad = aigc::adopt(gst_element_get_static_pad(src.get(), "src"));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer filter) {
        if (GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)) == 5 * GST_SECOND) {
          auto caps =
              aigc::adopt(gst_caps_from_string("video/x-raw,width=128,height=96,framerate=25/1"));
          g_object_set(filter, "caps", caps.get(), nullptr);
        }
        return GST_PAD_PROBE_OK;
      },
      size.get(), nullptr);
  EXPECT_TRUE(launch.run().eos);
  EXPECT_EQ(all(playlist(), "(#EXT-X-DISCONTINUITY)\n").size(), 1u) << playlist();
}

TEST_F(LiveHlsSinkTest, WhatCannotBeIsRefusedBeforeItStarts) {
  const auto no_number = Launch(video(10) + " livehlssink name=hls location=s.ts").run();
  ASSERT_EQ(no_number.errors.size(), 1u);
  EXPECT_NE(no_number.errors[0].find("%05d"), std::string::npos) << no_number.errors[0];
  const auto no_video = Launch(audio(1) + sink()).run();
  ASSERT_EQ(no_video.errors.size(), 1u);
  EXPECT_NE(no_video.errors[0].find("video"), std::string::npos) << no_video.errors[0];
}

TEST_F(LiveHlsSinkTest, ItStopsAtOnceInAnyPhase) {
  for (const int ms : {0, 1, 20, 100, 300, 1500}) {
    const Launch launch(video(100'000, "is-live=true") + audio(1000, "is-live=true") +
                        sink("target-duration=1"));
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    g_usleep(ms * 1000);
    const auto start = std::chrono::steady_clock::now();
    gst_element_set_state(launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << ms;
  }
}

TEST_F(LiveHlsSinkTest, ADiskThatStandsStillHoldsUpNobody) {
  const Launch launch(video(100'000, "is-live=true") + audio(10'000, "is-live=true") +
                      sink("target-duration=1 max-files=1000"));
  const auto clock = fast_clock(launch);
  std::atomic<guint64> frames = 0;
  count(launch.element("hls").get(), "video", frames);
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(wait_until([&] { return fs::exists(file(1)); }));
  stand_still(6);
  ASSERT_TRUE(wait_until([&] { return fs::exists(file(5)); }));
  const guint64 before = frames;
  EXPECT_TRUE(wait_until([&] { return frames > before + 25 * 25; })) << "the stream is held up";
  EXPECT_EQ(segments(), 6u) << "the disk does not stand still";
  go_on();
  EXPECT_TRUE(wait_until([&] { return fs::exists(file(30)); })) << "it goes on once the disk does";
}

TEST_F(LiveHlsSinkTest, ADiskThatDoesNotAnswerAtTheStartIsToldAndHoldsUpNobody) {
  // Who opens a pipe to read waits for one who writes.
  const std::string path = folder.path() + "/live.m3u8";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Launch launch(video(100'000, "name=seen is-live=true") +
                      audio(10'000, "name=heard is-live=true") + sink("target-duration=1"));
  const auto clock = fast_clock(launch);
  std::atomic<guint64> seen = 0, heard = 0;
  count(launch.element("seen").get(), "src", seen);
  count(launch.element("heard").get(), "src", heard);
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  EXPECT_TRUE(wait_until([&] { return seen > 25u * 25 && heard > 25u * 100; }))
      << "the stream is held up: " << seen << ", " << heard;
  EXPECT_EQ(messages(launch, GST_MESSAGE_WARNING), 1u);
  EXPECT_EQ(segments(), 0u) << "the disk does not stand still";
  EXPECT_TRUE(wait_until([&] {
    close(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return fs::exists(file(2));
  })) << "it begins once the disk answers";
  EXPECT_EQ(playlist().find("#EXT-X-GAP"), std::string::npos) << playlist();
}

TEST_F(LiveHlsSinkTest, WhereTheDiskStandsStillItEndsAndSaysWhatIsMissing) {
  const Launch launch(video(45, "is-live=true") + sink("target-duration=1"));
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(wait_until([&] { return fs::exists(file(0, ".part")); }));
  stand_still(1);
  Ran ran;
  launch.collect(ran);
  EXPECT_TRUE(ran.eos);
  ASSERT_EQ(ran.warnings.size(), 1u);
  EXPECT_NE(ran.warnings[0].find("the end of the stream is not written"), std::string::npos);
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  go_on();
}

TEST_F(LiveHlsSinkTest, WhoCannotStartSaysItOnce) {
  const int lock = open((folder.path() + "/live.m3u8.lock").c_str(), O_WRONLY | O_CREAT, 0644);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  const Launch launch(video(100'000, "name=seen is-live=true") + sink());
  std::atomic<guint64> seen = 0;
  count(launch.element("seen").get(), "src", seen);
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  EXPECT_TRUE(wait_until([&] { return seen > 40; }));
  EXPECT_EQ(messages(launch, GST_MESSAGE_ERROR), 1u);
  close(lock);
}

TEST_F(LiveHlsSinkTest, ItStopsAtOnceWhereTheDiskStandsStill) {
  for (const char* live : {"is-live=true", "! identity sync=true"}) {
    const Launch launch(video(100'000, live) + sink("target-duration=1"));
    gst_element_set_state(launch.get(), GST_STATE_PLAYING);
    const size_t before = segments();
    ASSERT_TRUE(wait_until([&] { return segments() > before; }));
    stand_still(before + 2);
    g_usleep(1'500'000);
    const auto start = std::chrono::steady_clock::now();
    gst_element_set_state(launch.get(), GST_STATE_NULL);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << live;
    EXPECT_EQ(segments(), before + 2) << "the disk does not stand still";
    go_on();
  }
}

TEST_F(LiveHlsSinkTest, AFlushGoesOnWithADiscontinuity) {
  const Launch launch("videotestsrc name=src ! video/x-raw,width=64,height=64,framerate=25/1 ! "
                      "identity sync=true ! x264enc speed-preset=ultrafast tune=zerolatency ! "
                      "h264parse ! hls.video " +
                      sink("target-duration=1"));
  gst_element_set_state(launch.get(), GST_STATE_PLAYING);
  const auto wait_for = [&](size_t count) {
    for (int wait = 0; wait < 1000 && segments() < count; ++wait)
      g_usleep(10'000);
    EXPECT_GE(segments(), count);
  };
  wait_for(1);
  EXPECT_TRUE(gst_element_seek_simple(launch.element("src").get(), GST_FORMAT_TIME,
                                      GST_SEEK_FLAG_FLUSH, 100 * GST_SECOND));
  wait_for(2);
  gst_element_set_state(launch.get(), GST_STATE_NULL);
  EXPECT_EQ(all(playlist(), "(#EXT-X-DISCONTINUITY)\n").size(), 1u) << playlist();
}
