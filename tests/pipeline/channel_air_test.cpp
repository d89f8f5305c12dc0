// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel as its operators have it: on air, edited, stopped, and over.
#include "channel_rig.h"

#include <algorithm>
#include <set>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++found;
  return found;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Channel : public ChannelTest {
 protected:
  /// What is on air is ended at once.
  void skip() {
    std::string now = await_event("item-started")["id"].text();
    tell("skip");
    const JsonView skipped = await([&](const JsonView& event) {
      if (event["event"].text() == "item-started") now = event["id"].text(); // that before is over
      return event["event"].text() == "item-skipped";
    });
    EXPECT_EQ(skipped["id"].text(), now);
  }
  /// Nothing new begins; afterwards it goes on.
  void hold_and_resume() {
    await_event("item-started");
    tell("hold");
    EXPECT_TRUE(tell("status")["held"].boolean(false));
    ASSERT_TRUE(
        until("a filler", [&] { return tell("status")["on-air"]["tier"].text() != "item"; }));
    for (int i = 0; i < 15; ++i) {
      EXPECT_NE(tell("status")["on-air"]["tier"].text(), "item");
      std::this_thread::sleep_for(100ms);
    }
    tell("resume");
    await_event("item-started");
  }
};

} // namespace

TEST_F(Channel, IsSteeredFromOutside) {
  write("day.txt", rows("a fox", 200)); // more than is made ahead
  const auto program = go_on_air({"shots=day.txt", "loop=1"});
  await_event("item-started");
  await_event("item-started");

  // A request is seen before what the list has brought, a removed shot never. Meanwhile
  // nothing goes on air.
  ASSERT_TRUE(until("a reserve", [&] { return in_state("ready").size() >= 4; }));
  tell("hold");
  const Words ready = in_state("ready");
  ASSERT_GE(ready.size(), 2u);
  const Words waiting = in_state("pending");
  ASSERT_FALSE(waiting.empty());
  const auto add = [this](const char* shot) {
    return ask(std::string(R"({"command":"add","shot":)") + shot + "}");
  };
  ASSERT_TRUE(add(R"({"id":"owl","script":"an owl"})")["ok"].boolean(false));
  EXPECT_TRUE(has(add(R"({"id":"owl","script":"another"})")["error"].text(), "owl"));
  tell("remove", ready.back());
  tell("remove", waiting.front());
  ASSERT_TRUE(until("the owl", [&] { return has(in_state("open"), "owl"); }));
  EXPECT_EQ(in_state("open").front(), "owl");
  tell("resume");
  std::set<std::string> seen;
  await([&](const JsonView& event) {
    if (event["event"].text() == "item-started") seen.insert(event["id"].text());
    return seen.contains("owl");
  });
  for (const Words& later : {ready, waiting})
    for (const auto& id : later)
      EXPECT_FALSE(seen.contains(id)) << id;
  const JsonView left = tell("list")["items"];
  for (size_t item = 0; item < left.size(); ++item)
    for (const auto& gone : {ready.back(), waiting.front()})
      EXPECT_NE(left.at(item)["id"].text(), gone);
  EXPECT_FALSE(ask(R"({"command":"remove","id":"nobody"})")["ok"].boolean(true));

  skip();
  ASSERT_NO_FATAL_FAILURE(hold_and_resume());
  tell("end");
  const Outcome outcome = program->wait();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(count(read("live/live.m3u8"), "#EXT-X-ENDLIST"), 1u);
  EXPECT_FALSE(fs::exists(control));
  const std::string log = read("state/as-run.csv");
  EXPECT_TRUE(has(log, "\nowl,an owl,item,"));
  EXPECT_FALSE(has(log, "\n" + ready.back() + ","));
}

TEST_F(Channel, StopsAtOnceAndGoesOnLater) {
  write("day.txt", rows("a fox", 60));
  const auto first = go_on_air({"shots=day.txt", "loop=1"});
  const std::string seen = await_event("item-started")["id"].text();
  for (int i = 0; i < 1500 && !fs::exists(folder / "live/live.m3u8"); ++i)
    std::this_thread::sleep_for(10ms);
  const auto begun = std::chrono::steady_clock::now();
  first->signal(SIGINT);
  EXPECT_EQ(first->wait().status, 130);
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_LT(took, is_calm() ? 1s : 5s);
  RecordProperty("stopped-after-ms", int(took / 1ms));
  EXPECT_FALSE(has(read("live/live.m3u8"), "#EXT-X-ENDLIST"));

  const auto second = go_on_air({"shots=day.txt", "loop=1"});
  const std::string next = await_event("item-started")["id"].text();
  EXPECT_NE(next, seen);
  EXPECT_LT(await_event("item-started")["time"].number().value_or(99), 5);
  tell("end");
  EXPECT_EQ(second->wait().status, 0);
  EXPECT_EQ(count(read("live/live.m3u8"), "#EXT-X-DISCONTINUITY\n"), 1u);
}

TEST_F(Channel, ShowsInTheOrderAndAtTheTimeItIsTold) {
  write("day.txt", rows("a fox", 200));
  const auto program = go_on_air({"shots=day.txt", "loop=1"});
  await_event("item-started");
  Words pending; // so many that the last of them is not sent meanwhile
  ASSERT_TRUE(until("a list", [&] { return (pending = in_state("pending")).size() >= 20; }));
  const std::string last = pending.back();
  EXPECT_TRUE(ask(R"({"command":"move","position":0,"id":")" + last + "\"}")["ok"].boolean(false));
  pending = in_state("pending");
  ASSERT_FALSE(pending.empty());
  EXPECT_TRUE(pending.front() == last || !has(pending, last)) << "neither first nor sent already";
  EXPECT_FALSE(ask(R"({"command":"move","position":0,"id":"nobody"})")["ok"].boolean(true));

  const gint64 due = (g_get_real_time() / G_USEC_PER_SEC + 8) * G_USEC_PER_SEC;
  const auto at = adopt(g_date_time_new_from_unix_utc(due / G_USEC_PER_SEC));
  const std::string text = take_string(g_date_time_format_iso8601(at.get()));
  EXPECT_TRUE(ask(R"({"command":"add","shot":{"id":"news","script":"the news","at":")" + text +
                  "\"}}")["ok"]
                  .boolean(false));
  const JsonView started = await_event("item-started", "news");
  const gint64 late = started["utc"].integer().value_or(0) - due;
  EXPECT_GE(late, -100'000); // the slot it falls into
  if (is_calm()) {           // else it may not be made in time
    EXPECT_LE(late, 200'000) << "µs";
  }
  tell("end");
  EXPECT_EQ(program->wait().status, 0);
  EXPECT_TRUE(has(read("state/as-run.csv"), "\nnews,the news,item,"));
}

TEST_F(Channel, HasItsLogoInTheCorner) {
  ASSERT_EQ(shell("ffmpeg -v error -f lavfi -i color=red:size=32x32 -frames:v 1 logo.png").status,
            0);
  const auto program = go_on_air({"logo=logo.png", "logo-width=0.2", "logo-corner=bottom-right"});
  ASSERT_TRUE(until_on_air("slate"));
  std::this_thread::sleep_for(500ms);
  tell("end");
  EXPECT_EQ(program->wait().status, 0);
  // 32 pixels wide, 8 from the right and 4 from below, in pictures of 160 by 90.
  const auto pixel = [&](const char* place) {
    return shell(std::string("ffmpeg -v error -i live/s0000000.ts -vf format=rgb24,crop=4:4:") +
                 place + ",scale=1:1 -frames:v 1 -f rawvideo - | od -An -tu1")
        .out;
  };
  int red = 0, green = 0, blue = 0;
  ASSERT_EQ(sscanf(pixel("134:68").c_str(), "%d %d %d", &red, &green, &blue), 3);
  EXPECT_GT(red, 200);
  EXPECT_LT(green + blue, 100);
  ASSERT_EQ(sscanf(pixel("10:10").c_str(), "%d %d %d", &red, &green, &blue), 3);
  EXPECT_LT(red - green, 100);
}

TEST_F(Channel, LivesFromRequestsAlone) {
  const auto program = go_on_air({});
  ASSERT_TRUE(until_on_air("slate"));
  EXPECT_FALSE(tell("status")["next"].exists());
  // On air for so long that it is still there when that is asked.
  EXPECT_TRUE(
      ask(R"({"command":"add","shot":{"script":"an owl","duration":10}})")["ok"].boolean(false));
  EXPECT_TRUE(await_event("item-started")["id"].text().starts_with("request-1"));
  EXPECT_EQ(tell("status")["on-air"]["title"].text(), "an owl");
  end(*program);
}

TEST_F(Channel, PrintsALineOfItsOwn) {
  write("day.txt", "a fox\n");
  write("address", "rtmp://host/app/secret-key\n");
  const Outcome run =
      aigc({"channel", "shots=day.txt", "hls=100%", "rtmp=@address", "--allow-preview", "--print"},
           "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "backend=preview")) << run.out;
  EXPECT_TRUE(has(run.out, "allow-preview=true")) << run.out;
  EXPECT_TRUE(has(run.out, "100%%/s%07d.ts")) << run.out;
  EXPECT_FALSE(has(run.out, "journal")) << run.out;
  EXPECT_TRUE(has(run.out, "location=\"@address\"")) << run.out;
  EXPECT_FALSE(has(run.out + run.err, "secret-key"));
  for (const char* stage : {"aipromptenhance", "qwenimagesrc", "wanxclipgen"}) {
    const size_t begin = run.out.find(stage);
    const std::string own = run.out.substr(begin, run.out.find(" ! ", begin) - begin);
    EXPECT_TRUE(has(own, "order=ready")) << "a request waits behind slow shots in " << stage;
  }
  EXPECT_FALSE(fs::exists(folder / "100%"));
}
