// SPDX-License-Identifier: LGPL-2.1-or-later
// livepushsink and srt-live-transmit, as caller and as listener.
#include "live_source.h"
#include "receivers.h"

using namespace aigc;

namespace {

/// A sink that waits for its peer would be seconds late; a busy machine is not.
constexpr double kLate = 0.5;
const std::string kSoon = " retry-min=200 retry-max=500 ";

} // namespace

class Srt : public testing::Test {
 protected:
  void SetUp() override { AIGC_NEED("srt-live-transmit"); }

  std::string url(const std::string& query = "") const {
    return "srt://127.0.0.1:" + std::to_string(port_) + query;
  }
  /// Listens, and writes the TS it gets to a file.
  Receiver start(const std::string& name, const std::string& more = "") const {
    return Receiver(
        {"srt-live-transmit", "-chunk:1316", url("?mode=listener" + more), "file://con"},
        file(name));
  }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

  void expect_whole(const std::string& name, double seconds) const {
    const Recording recording = read_recording(file(name));
    EXPECT_TRUE(recording.video.begins_with_key) << name;
    EXPECT_NEAR(recording.audio.first, recording.video.first, 0.08);
    EXPECT_NEAR(recording.audio.last, recording.video.last, 0.25);
    EXPECT_GT(recording.video.last - recording.video.first, seconds);
    EXPECT_LT(recording.video.widest_gap, 0.06);
    EXPECT_LT(recording.audio.widest_gap, 0.06);
  }

 private:
  TempFolder folder_;
  const int port_ = free_port(SOCK_DGRAM);
};

TEST_F(Srt, ASecondReceiverGetsAWholeStreamWhenTheFirstDied) {
  LivePush push("location=" + url("?latency=120") + kSoon);
  auto first = start("first.ts");
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  push.play_on(4);
  first.kill();
  ASSERT_TRUE(push.wait_for("lost"));
  EXPECT_FALSE(push.stat<bool>("connected"));
  auto second = start("second.ts");
  ASSERT_TRUE(push.wait_for("connected"));
  push.play_on(4);
  ASSERT_TRUE(push.finish());
  push.stop();
  push.play_on(0.5);
  second.kill();
  EXPECT_TRUE(push.errors.empty()) << push.errors[0];
  EXPECT_LT(push.worst_lateness(), kLate);
  EXPECT_LE(push.warnings.size(), 2u);
  expect_whole("first.ts", 3);
  expect_whole("second.ts", 3);
}

TEST_F(Srt, AReceiverThatHangsIsLeft) {
  LivePush push("location=" + url() + kSoon);
  auto receiver = start("hung.ts");
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  receiver.signal(SIGSTOP);
  ASSERT_TRUE(push.wait_for("lost", 30));
  EXPECT_LT(push.worst_lateness(), kLate);
  receiver.signal(SIGCONT);
  receiver.kill();
  auto next = start("next.ts");
  ASSERT_TRUE(push.wait_for("connected"));
}

TEST_F(Srt, TheRightPassphraseIsNeeded) {
  const std::string right = "passphrase=right-one-of-two", wrong = "passphrase=wrong-one-of-two";
  auto receiver = start("locked.ts", "&" + right);
  {
    LivePush push("location=" + url("?" + wrong) + kSoon);
    push.play();
    ASSERT_TRUE(push.wait_for("retrying"));
    EXPECT_NE(push.news[0].reason.find("passphrase"), std::string::npos) << push.news[0].reason;
    EXPECT_EQ(push.said.find("wrong-one"), std::string::npos);
  }
  LivePush push("location=" + url("?" + right) + kSoon);
  push.play();
  ASSERT_TRUE(push.wait_for("connected"));
  push.play_on(2);
  EXPECT_GT(push.stat<guint64>("bytes"), 10'000u);
}

TEST_F(Srt, ListensForOneReceiverAfterTheOther) {
  LivePush push("location=" + url("?mode=listener") + kSoon, "width=64,height=48",
                "speed-preset=ultrafast key-int-max=25");
  push.play();
  push.play_on(0.5);
  EXPECT_TRUE(push.news.empty());
  for (const char* name : {"a.ts", "b.ts"}) {
    Receiver receiver({"srt-live-transmit", "-chunk:1316", url("?mode=caller"), "file://con"},
                      file(name));
    ASSERT_TRUE(push.wait_for("connected"));
    push.play_on(2);
    receiver.signal(SIGINT);
    ASSERT_TRUE(push.wait_for("lost"));
    EXPECT_GT(read_recording(file(name)).video.packets, 20) << name;
  }
  EXPECT_LT(push.worst_lateness(), kLate);
}

TEST_F(Srt, StopsWithinASecondWhileConnectedHungAndLost) {
  for (const int signal : {0, SIGSTOP, SIGKILL}) {
    LivePush push("location=" + url() + kSoon);
    auto receiver = start("x.ts");
    push.play();
    ASSERT_TRUE(push.wait_for("connected"));
    if (signal) receiver.signal(signal);
    push.play_on(1);
    EXPECT_LT(push.stop(), 1) << "after signal " << signal;
  }
}
