// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel that goes to several places at once, and one that stands still: what takes its time.
#include "../egress/receivers.h"
#include "channel_rig.h"

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Channel = ChannelTest;

/// In place of a part of the line: an element that holds each frame for so long.
std::string holding(const char* microseconds) {
  return std::string("air.video ! identity sleep-time=") + microseconds + "\n";
}

} // namespace

TEST_F(Channel, GoesToAllItsOutputsAtOnce) {
  AIGC_NEED("ffmpeg");
  if (!RtmpServer::is_there()) GTEST_SKIP() << "nginx with its rtmp module is not installed";
  const RtmpServer server;
  const std::string srt = "srt://127.0.0.1:" + std::to_string(free_port(SOCK_DGRAM));
  write("day.txt", rows("a fox", 3));
  write("address", server.url() + "\n");
  const auto program =
      go_on_air({"shots=day.txt", "rtmp=@" + (folder / "address").string(), "srt=" + srt});
  await_event("item-started");
  const JsonView outputs = tell("status")["outputs"];
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs.at(0)["to"].text(), "live/live.m3u8");
  EXPECT_FALSE(outputs.at(1)["connected"].boolean(true)) << "nobody is there yet";

  auto nginx = server.start();
  const std::string file = folder / "received.ts";
  Receiver listener({"ffmpeg", "-nostdin", "-v", "error", "-y", "-i", srt + "?mode=listener", "-c",
                     "copy", "-f", "mpegts", file});
  ASSERT_TRUE(until("both connections", [&] {
    const JsonView now = tell("status")["outputs"];
    return now.at(1)["connected"].boolean(false) && now.at(2)["connected"].boolean(false);
  }));
  std::this_thread::sleep_for(5s);
  tell("end");
  const Outcome outcome = program->wait();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(has(outcome.out + outcome.err, "secret-key"));
  nginx.signal(SIGTERM);
  nginx.wait();
  listener.signal(SIGINT);
  listener.wait();
  const auto recordings = server.recordings();
  ASSERT_EQ(recordings.size(), 1u);
  for (const std::string& name : {recordings[0], file, std::string(folder / "live/s0000000.ts")}) {
    const Recording recording = read_recording(name);
    EXPECT_GT(recording.video.last - recording.video.first, 3) << name;
    EXPECT_GT(recording.audio.last - recording.audio.first, 3) << name;
    EXPECT_TRUE(recording.video.begins_with_key) << name;
  }
}

TEST_F(Channel, IsBuiltAnewWhenItStandsStill) {
  const auto program = go_on_air({}, other_job("air.video\n", holding("20000000")));
  const JsonView error = await_event("error");
  EXPECT_TRUE(has(error["message"].text(), "no picture has gone on air for 15 s"))
      << error["message"].text();
  await_event("filler-enter");
  const JsonView status = tell("status");
  EXPECT_EQ(status["restarts"].integer().value_or(0), 1);
  EXPECT_TRUE(has(status["trouble"].text(), "no picture"));
  end(*program);
}

TEST_F(Channel, EndsTheProgramWhenItsPipelineDoesNotStop) {
  const auto program = go_on_air({}, other_job("air.video\n", holding("60000000")));
  const Outcome outcome = program->wait();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(has(outcome.err, "Start it again: it goes on where it was.")) << outcome.err;
  // Nothing holds its state any more.
  const auto next = go_on_air({});
  ASSERT_TRUE(until_on_air("slate"));
  end(*next);
}

TEST_F(Channel, AnEncoderThatIsTooSlowDoesNotHoldUpTheEnd) {
  write("day.txt", rows("a fox", 3));
  const auto program = go_on_air(
      {"shots=day.txt", "width=1280", "height=720", "fps=25", "duration=3", "preset=slow"});
  await_event("item-started");
  std::this_thread::sleep_for(3s);
  const auto begun = std::chrono::steady_clock::now();
  program->signal(SIGINT);
  EXPECT_EQ(program->wait().status, 130);
  // It would take as long as all the frames it has in hand, 5 s where it is left to itself. The
  // frame it is at is waited for.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_TRUE(has(read("state/as-run.jsonl"), "\"stopped\"")) << "all others have stopped";
}
