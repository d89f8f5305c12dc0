// SPDX-License-Identifier: LGPL-2.1-or-later
// livepushsink and nginx: what is recorded there, while the server dies, hangs and comes back.
#include "live_source.h"
#include "receivers.h"

using namespace aigc;

namespace {

/// A sink that waits for its peer would be seconds late; a busy machine is not.
constexpr double kLate = 0.5;
const std::string kSoon = " retry-min=200 retry-max=500 ";

/// Pictures and sound from the first on, in step, and nothing broken but the end of a killed
/// server.
void expect_whole(const std::string& file, double seconds) {
  const Recording recording = read_recording(file);
  EXPECT_TRUE(recording.video.begins_with_key) << file;
  EXPECT_NEAR(recording.video.first, 0, 0.05);
  EXPECT_NEAR(recording.audio.first, recording.video.first, 0.08);
  EXPECT_NEAR(recording.audio.last, recording.video.last, 0.15);
  EXPECT_GT(recording.video.last, seconds);
  EXPECT_LT(recording.video.widest_gap, 0.06);
  EXPECT_LT(recording.audio.widest_gap, 0.06);
  EXPECT_EQ(recording.faults, "");
}

} // namespace

class Rtmp : public testing::Test {
 protected:
  void SetUp() override {
    if (!RtmpServer::is_there()) GTEST_SKIP() << "nginx with its rtmp module is not installed";
  }
  RtmpServer server;
};

TEST_F(Rtmp, ASecondServerGetsAWholeStreamWhenTheFirstDied) {
  LivePush push("location=" + server.url() + kSoon);
  auto first = server.start();
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  push.play_on(4);
  EXPECT_TRUE(push.stat<bool>("connected"));
  first.kill();
  ASSERT_TRUE(push.wait_for("lost"));
  ASSERT_TRUE(push.wait_for("retrying"));
  push.play_on(2);
  auto second = server.start();
  ASSERT_TRUE(push.wait_for("connected"));
  push.play_on(4);
  ASSERT_TRUE(push.finish());
  push.stop();
  second.signal(SIGTERM);
  second.wait();

  EXPECT_TRUE(push.errors.empty()) << push.errors[0];
  EXPECT_EQ(push.said.find("secret"), std::string::npos);
  EXPECT_LT(push.worst_lateness(), kLate);
  EXPECT_LE(push.warnings.size(), 2u); // the first try may have been before the server was there
  const auto files = server.recordings();
  ASSERT_EQ(files.size(), 2u);
  expect_whole(files[0], 3);
  expect_whole(files[1], 3.5); // to its end
  RecordProperty("worst_lateness_ms", static_cast<int>(1000 * push.worst_lateness()));
}

TEST_F(Rtmp, APeerThatStopsReadingIsLeftAndFramesAreDroppedMeanwhile) {
  // Noise fills the buffers of both sides quickly.
  LivePush push("location=" + server.url() + kSoon + "queue-time=500000000", "width=640,height=360",
                "speed-preset=ultrafast bitrate=30000 vbv-buf-capacity=100");
  g_object_set(push.named("source").get(), "pattern", 1, nullptr);
  auto nginx = server.start();
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  nginx.signal(SIGSTOP);
  ASSERT_TRUE(push.wait_for("lost", 40));
  EXPECT_GT(push.stat<guint64>("dropped-frames"), 75u);
  // Noise is a lot to encode; a sink that waited would be late by the three seconds dropped.
  EXPECT_LT(push.worst_lateness(), 2.5);
  nginx.signal(SIGCONT);
  ASSERT_TRUE(push.wait_for("connected"));
  EXPECT_TRUE(push.errors.empty()) << push.errors[0];
}

TEST_F(Rtmp, StopsWithinASecondWhileConnectedHungAndLost) {
  for (const int signal : {0, SIGSTOP, SIGKILL}) {
    LivePush push("location=" + server.url() + kSoon, "width=640,height=360", "bitrate=20000");
    auto nginx = server.start();
    push.play();
    ASSERT_TRUE(push.wait_for("connected"));
    if (signal) nginx.signal(signal);
    push.play_on(1);
    EXPECT_LT(push.stop(), 1) << "after signal " << signal;
  }
}

TEST_F(Rtmp, APlayerFollows) {
  AIGC_NEED("ffmpeg");
  TempFolder folder;
  const std::string seen = folder.path() + "/seen.flv";
  LivePush push("location=" + server.url() + kSoon, "width=64,height=48",
                "speed-preset=ultrafast key-int-max=25");
  auto nginx = server.start();
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  Receiver player(
      {"ffmpeg", "-nostdin", "-v", "error", "-i", server.url(), "-t", "2", "-c", "copy", seen});
  push.play_on(6);
  EXPECT_EQ(player.wait(), 0);
  const Recording recording = read_recording(seen);
  EXPECT_GT(recording.video.packets, 20);
  EXPECT_GT(recording.audio.packets, 40);
}
