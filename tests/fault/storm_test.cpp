// SPDX-License-Identifier: LGPL-2.1-or-later
// A service that is asked too fast: fewer calls at once, none before the time it names, all of them
// in the end. Counted by the server.
#include "base/json.h"
#include "fault/weather.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace aigc;

namespace {

struct Create {
  gint64 time;
  int status;
};

class Storm : public WeatherTest {
 protected:
  std::vector<Create> creates() {
    std::vector<Create> creates;
    const auto log = server.calls();
    const JsonView all = JsonView(log.get())["calls"];
    for (size_t i = 0; i < all.size(); ++i)
      if (all.at(i)["route"].text() == "chat")
        creates.push_back(
            {*all.at(i)["time_ms"].integer(), static_cast<int>(*all.at(i)["status"].integer())});
    return creates;
  }

  std::string list(int shots) {
    std::string text;
    for (int i = 0; i < shots; ++i)
      text += "fox number " + std::to_string(i) + "\n";
    const std::string path = folder.path() + "/list.txt";
    g_file_set_contents(path.c_str(), text.c_str(), -1, nullptr);
    return path;
  }
};

guint number(GstElement* stage, const char* name) {
  GstStructure* stats = nullptr;
  g_object_get(stage, "stats", &stats, nullptr);
  guint number = 0;
  gst_structure_get_uint(stats, name, &number);
  gst_structure_free(stats);
  return number;
}

} // namespace

TEST_F(Storm, FewerAtOnceNoneBeforeTheTimeAndAllOfThemInTheEnd) {
  constexpr int kShots = 32, kRefused = 14;
  constexpr guint kAtOnce = 8;
  configure(R"({"chat": {"seconds": 0.25}})");
  fault(R"({"route":"chat","times":14,"kind":"status","status":429,"code":"rate_limit",
            "retry_after":1})");
  const Launch launch("aishotsrc location=" + list(kShots) +
                      " ! aipromptenhance name=writer backend=deepseek on-error=fail "
                      "max-retries=8 max-in-flight=8 ! fakesink");
  ASSERT_EQ(launch.parse_error, "");
  const auto writer = launch.element("writer");
  std::vector<guint> seen;
  Ran ran;
  {
    std::atomic<bool> over{false};
    std::jthread watcher([&] {
      while (!over) {
        const guint now = number(writer.get(), "at-once");
        if (now && (seen.empty() || seen.back() != now)) seen.push_back(now);
        g_usleep(5'000);
      }
    });
    ran = launch.run();
    over = true;
  }
  EXPECT_TRUE(ran.eos);
  EXPECT_TRUE(ran.errors.empty());

  const auto sent = creates();
  EXPECT_EQ(sent.size(), size_t(kShots + kRefused));
  // What was under way when the first was refused had left already; nothing else comes sooner than
  // a second after any refusal.
  for (size_t i = 1; i < sent.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      if (sent[j].status != 429) continue;
      const gint64 later = sent[i].time - sent[j].time;
      EXPECT_TRUE(later < 200 || later >= 1000) << "call " << i << " came " << later << " ms after";
    }
  for (size_t i = 0; i < sent.size(); ++i) {
    size_t in_second = 0;
    for (size_t j = i; j < sent.size() && sent[j].time < sent[i].time + 1000; ++j)
      ++in_second;
    EXPECT_LE(in_second, i == 0 ? kAtOnce : 16u) << "from call " << i;
  }
  // Halved down to one, and back up by one. Somebody who is seldom let look misses a step.
  ASSERT_FALSE(seen.empty());
  const auto least = std::min_element(seen.begin(), seen.end());
  EXPECT_EQ(*least, 1u);
  for (auto step = seen.begin(); step != least; ++step)
    EXPECT_TRUE(*step == kAtOnce || *step == 4 || *step == 2) << *step;
  ASSERT_NE(least + 1, seen.end());
  EXPECT_EQ(least[1], 2u);
}

TEST_F(Storm, AnHourThatTheServiceNamesIsNotFilledWithCalls) {
  fault(R"({"route":"chat","times":-1,"kind":"status","status":429,"code":"rate_limit",
            "retry_after":3000})");
  const Launch launch("aishotsrc location=" + list(12) +
                      " ! aipromptenhance backend=deepseek on-error=skip max-in-flight=2 "
                      "timeout=5000 ! fakesink");
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_LE(creates().size(), 2u);
  EXPECT_EQ(ran.warnings.size(), 12u);
}
