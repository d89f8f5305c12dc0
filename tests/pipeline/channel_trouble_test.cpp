// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel in trouble: killed, broken, given what is wrong.
#include "../standin.h"
#include "channel_rig.h"

#include <set>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Channel = ChannelTest;

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

TEST_F(PaidChannel, KilledAndStartedAgainNothingIsBoughtTwice) {
  server.configure(R"({"video": {"seconds": 0.5}, "image": {"seconds": 0.1}})");
  write("day.txt", rows("a fox", 3));
  {
    const auto program = start_channel({"shots=day.txt", "loop=1"});
    await_event("item-started");
    end(*program);
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto program = start_channel({"shots=day.txt", "loop=1"});
  await([](const JsonView& event) {
    const std::string name = event["event"].text();
    return name == "item-started" || name == "filler-enter";
  });
  const auto took = std::chrono::steady_clock::now() - begun;
  if (is_calm()) {
    EXPECT_LT(took, 3s);
  }
  RecordProperty("on-air-after-ms", int(took / 1ms));
  for (int i = 0; i < 1000 && (tell("list")["items"].size() > 0 || billed_clips().size() < 3); ++i)
    std::this_thread::sleep_for(20ms);
  end(*program);
  const auto bought = billed_clips();
  EXPECT_EQ(bought.size(), 3u);
  EXPECT_EQ(std::set<std::string>(bought.begin(), bought.end()).size(), 3u);
}

TEST_F(PaidChannel, WithTheMoneyOfTheHourSpentItShowsWhatItHas) {
  server.configure(R"({"video": {"seconds": 0.2}, "image": {"seconds": 0.1}})");
  write("day.txt", rows("a fox", 40));
  constexpr double kLimit = 8;
  const auto program = start_channel({"shots=day.txt", "reair-gap=0", "max-cost-hour=8"});
  const JsonView rest = await_event("service");
  EXPECT_EQ(rest["state"].text(), "resting");
  const auto is_shown_again = [](const JsonView& event) {
    return event["event"].text() == "item-started" && event["tier"].text() == "reair";
  };
  await(is_shown_again);
  const auto bought = billed_clips().size();
  EXPECT_GE(bought, 1u);
  for (int i = 0; i < 2; ++i)
    await(is_shown_again);
  const JsonView status = tell("status");
  ASSERT_GE(status["resting"].size(), 1u);
  EXPECT_TRUE(has(status["resting"].at(0)["message"].text(), "of max-cost-hour 8"))
      << status["resting"].at(0)["message"].text();
  const double spent = status["cost-hour"]["CNY"].number().value_or(0);
  EXPECT_GT(spent, 0);
  EXPECT_LE(spent, kLimit);
  EXPECT_EQ(billed_clips().size(), bought);
  end(*program);
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
