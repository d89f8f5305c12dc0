// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel as its operators have it: on air, edited, killed, broken, and over.
#include "../standin.h"
#include "base/error.h"
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

class Channel : public ChannelTest {
 protected:
  void end(Program& program) {
    program.signal(SIGKILL);
    program.wait();
  }

  /// The channel with `with` in place of `part` of its line.
  std::string other_job(const std::string& part, const std::string& with) const {
    const fs::path jobs = folder / "jobs";
    fs::create_directory(jobs);
    std::ifstream in(fs::path(g_getenv("AIGC_JOBS")) / "channel.launch");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const size_t at = text.find(part);
    EXPECT_NE(at, text.npos);
    std::ofstream(jobs / "channel.launch") << text.replace(at, part.size(), with);
    return jobs;
  }
};

/// With clips that the stand-in is paid for.
class PaidChannel : public Channel {
 protected:
  PaidChannel() {
    for (const std::string service : {"DEEPSEEK", "DASHSCOPE"}) {
      const std::string url = server.address(service == "DEEPSEEK" ? "deepseek" : "dashscope");
      g_setenv((service + "_API_KEY").c_str(), "sk-standin", TRUE);
      g_setenv((service + "_BASE_URL").c_str(), url.c_str(), TRUE);
    }
    server.configure(R"({"limits": "off"})");
  }
  ~PaidChannel() override {
    for (const std::string service : {"DEEPSEEK", "DASHSCOPE"})
      for (const char* name : {"_API_KEY", "_BASE_URL"})
        g_setenv((service + name).c_str(), "", TRUE);
  }

  std::multiset<std::string> billed_clips() const {
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    std::multiset<std::string> prompts;
    for (size_t i = 0; i < calls.size(); ++i)
      if (calls.at(i)["route"].text().starts_with("video"))
        prompts.insert(calls.at(i)["prompt"].text());
    return prompts;
  }

  Standin server;
};

} // namespace

TEST_F(Channel, IsSteeredFromOutside) {
  write("day.txt", rows("a fox", 200)); // more than is made ahead
  const auto program = go_on_air({"shots=day.txt", "loop=1"});
  await_event("item-started");
  await_event("item-started");

  // A request is seen before what the list has not yet sent, a removed shot never.
  Words ready;
  for (int i = 0; i < 500 && ready.size() < 4; ++i) {
    std::this_thread::sleep_for(20ms);
    ready = in_state("ready");
  }
  ASSERT_GE(ready.size(), 4u);
  const Words waiting = in_state("pending");
  ASSERT_FALSE(waiting.empty());
  const auto add = [this](const char* shot) {
    return ask(std::string(R"({"command":"add","shot":)") + shot + "}");
  };
  ASSERT_TRUE(add(R"({"id":"owl","script":"an owl"})")["ok"].boolean(false));
  EXPECT_TRUE(has(add(R"({"id":"owl","script":"another"})")["error"].text(), "owl"));
  tell("remove", ready.back());
  tell("remove", waiting.front());
  std::set<std::string> seen;
  await([&](const JsonView& event) {
    if (event["event"].text() == "item-started") seen.insert(event["id"].text());
    return seen.contains("owl");
  });
  for (const auto& id : waiting)
    EXPECT_FALSE(seen.contains(id)) << id;
  const JsonView left = tell("list")["items"];
  for (size_t item = 0; item < left.size(); ++item)
    for (const auto& gone : {ready.back(), waiting.front()})
      EXPECT_NE(left.at(item)["id"].text(), gone);
  EXPECT_FALSE(ask(R"({"command":"remove","id":"nobody"})")["ok"].boolean(true));

  // What is on air is ended at once.
  const std::string now = await_event("item-started")["id"].text();
  tell("skip");
  EXPECT_EQ(await_event("item-skipped")["id"].text(), now);

  // Held, nothing new begins; afterwards it goes on.
  await_event("item-started");
  tell("hold");
  EXPECT_TRUE(tell("status")["held"].boolean(false));
  await_event("filler-enter");
  for (int i = 0; i < 15; ++i) {
    EXPECT_NE(tell("status")["on-air"]["tier"].text(), "item");
    std::this_thread::sleep_for(100ms);
  }
  tell("resume");
  await_event("item-started");

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
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  EXPECT_FALSE(has(read("live/live.m3u8"), "#EXT-X-ENDLIST"));

  const auto second = go_on_air({"shots=day.txt", "loop=1"});
  const std::string next = await_event("item-started")["id"].text();
  EXPECT_NE(next, seen);
  EXPECT_LT(await_event("item-started")["time"].number().value_or(99), 5);
  tell("end");
  EXPECT_EQ(second->wait().status, 0);
  EXPECT_EQ(count(read("live/live.m3u8"), "#EXT-X-DISCONTINUITY\n"), 1u);
}

TEST_F(PaidChannel, KilledAndStartedAgainNothingIsBoughtTwice) {
  server.configure(R"({"video": {"seconds": 0.5}, "image": {"seconds": 0.1}})");
  write("day.txt", rows("a fox", 3));
  std::set<std::string> aired;
  {
    const auto program = start_channel({"shots=day.txt", "loop=1"});
    aired.insert(await_event("item-started")["id"].text());
    end(*program);
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto program = start_channel({"shots=day.txt", "loop=1"});
  await([](const JsonView& event) {
    const std::string name = event["event"].text();
    return name == "item-started" || name == "filler-enter";
  });
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_LT(took, 3s);
  RecordProperty("on-air-after-ms", int(took / 1ms));
  while (aired.size() < 3) {
    const JsonView event = await_event("item-started");
    if (!event.exists()) break;
    aired.insert(event["id"].text());
  }
  end(*program);
  const auto bought = billed_clips();
  EXPECT_EQ(bought.size(), 3u);
  EXPECT_EQ(std::set<std::string>(bought.begin(), bought.end()).size(), 3u);
}

TEST_F(Channel, KeepsItsListWhenTheFileTurnsBad) {
  write("day.jsonl", "{\"script\":\"a fox\"}\n{\"script\":\"an elk\"}\n");
  const auto program = go_on_air({"shots=day.jsonl"});
  await_event("item-started");
  write("day.jsonl", "{\"script\":\"a fox\"}\n{\"script\":\"an elk\", \"duration\":\"long\"\n");
  const JsonView warning = await([](const JsonView& event) {
    return event["event"].text() == "warning" && has(event["message"].text(), "day.jsonl");
  });
  EXPECT_TRUE(has(warning["message"].text(), "2")) << warning["message"].text();
  await_event("item-started");
  write("day.jsonl", "{\"id\":\"hare\",\"script\":\"a hare\"}\n");
  await([](const JsonView& event) {
    return event["event"].text() == "item-started" && event["id"].text().starts_with("hare");
  });
  end(*program);
}

TEST_F(Channel, LivesFromRequestsAlone) {
  const auto program = go_on_air({});
  EXPECT_EQ(await_event("filler-enter")["tier"].text(), "slate");
  const JsonView status = tell("status");
  EXPECT_EQ(status["on-air"]["tier"].text(), "slate");
  EXPECT_FALSE(status["next"].exists());
  EXPECT_TRUE(ask(R"({"command":"add","shot":"an owl"})")["ok"].boolean(false));
  EXPECT_TRUE(await_event("item-started")["id"].text().starts_with("request-1"));
  EXPECT_EQ(tell("status")["on-air"]["title"].text(), "an owl");
  end(*program);
}

TEST_F(Channel, BuildsAnewWhatBreaks) {
  write("day.txt", rows("a fox", 40));
  const auto program = go_on_air({"shots=day.txt"},
                                 other_job("air.video\n", "air.video ! identity error-after=20\n"));
  await_event("item-started");
  EXPECT_TRUE(has(await_event("error")["element"].text(), "identity"));
  await_event("item-started");
  EXPECT_GE(tell("status")["restarts"].integer().value_or(0), 1);
  end(*program);
}

TEST_F(Channel, OneNameIsOneChannel) {
  const auto program = go_on_air({});
  Words again = words({"backend=preview"});
  const Outcome second = aigc(again, "AIGC_JOBS");
  EXPECT_EQ(second.status, 2);
  EXPECT_TRUE(has(second.err, "is on air already, from process " + std::to_string(program->pid())))
      << second.err;
  tell("status");
  end(*program);
}

TEST_F(Channel, RefusesWhatCannotBeOnAir) {
  write("day.txt", "a fox\n");
  const auto refused = [&](const Words& words, const std::string& why) {
    const Outcome run = aigc(words, "AIGC_JOBS");
    EXPECT_EQ(run.status, 2) << run.out << run.err;
    EXPECT_TRUE(has(run.err, why)) << run.err;
  };
  refused({"channel", "shots=day.txt", "hls=live"}, "the channel would be previews");
  refused({"channel", "shots=day.txt", "backend=preview"}, "channel needs hls or rtmp or srt");
  refused({"channel", "shots=none.txt", "hls=live"}, "there is no such file");
  refused({"channel", "hls=live", "name=a/b", "backend=preview"}, "no name of a channel");
  refused({"channel", "hls=day.txt/live", "state=s", "backend=preview"}, "hls=day.txt/live");
  refused({"channel", "hls=live", "--dry-run"}, "--dry-run is not for channel");
  refused({"batch", "channel", "day.txt"}, "there is no batch of them");
  EXPECT_FALSE(fs::exists(folder / "live"));
}

TEST_F(Channel, SaysAtOnceWhatWillNeverWork) {
  const std::string jobs = other_job("air.video\n", "air.video ! no-such-element\n");
  Words line = words({"backend=preview"});
  line.insert(line.begin(), g_getenv("AIGC_TOOL"));
  const Outcome run = Program(line, folder, jobs.c_str()).wait();
  EXPECT_EQ(run.status, 2) << run.out;
  EXPECT_TRUE(has(run.err, "there is no element no-such-element")) << run.err;
}

TEST_F(Channel, PrintsALineOfItsOwn) {
  write("day.txt", "a fox\n");
  const Outcome run =
      aigc({"channel", "shots=day.txt", "hls=100%", "--allow-preview", "--print"}, "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "backend=preview")) << run.out;
  EXPECT_TRUE(has(run.out, "allow-preview=true")) << run.out;
  EXPECT_TRUE(has(run.out, "100%%/s%07d.ts")) << run.out;
  EXPECT_FALSE(has(run.out, "journal")) << run.out;
  EXPECT_FALSE(fs::exists(folder / "100%"));
}
