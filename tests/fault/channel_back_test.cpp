// SPDX-License-Identifier: LGPL-2.1-or-later
// A live channel whose service comes back, or whose money of an hour is spent: what waited is made.
#include "fault/channel_weather.h"

using namespace aigc;
using namespace std::chrono_literals;

namespace {

/// All at once, as many as it takes to send a service to rest.
constexpr int kShots = 5;

} // namespace

TEST_F(Channel, AServiceThatComesBackMakesAllThatWaited) {
  server.fail(R"([{"route":"chat","times":-1,"kind":"status","status":500},)"
              R"({"route":"models","times":-1,"kind":"status","status":500}])");
  play(Stage::words, "", kShots);
  listen([&] { return !heard.states.empty(); });
  const size_t before = creates();
  listen([&] { return false; }, 4s); // 5 s at least before a probe
  EXPECT_EQ(creates(), before);
  server.fail("[]");
  listen([&] { return heard.eos; }, 15s);
  EXPECT_EQ(heard.error, "");
  EXPECT_EQ(heard.states, (std::vector<std::string>{"resting", "back"}));
  EXPECT_EQ(heard.done, size_t(kShots));
  EXPECT_EQ(heard.failed, 0u);
  EXPECT_EQ(creates(), before + kShots);
  ASSERT_EQ(heard.warnings.size(), 1u);
  EXPECT_NE(heard.warnings[0].find("deepseek rests"), std::string::npos) << heard.warnings[0];
  stop();
}

TEST_F(Channel, TheMoneyOfAnHourIsNotPassed) {
  configure(R"({"video": {"seconds": 0.05}})");
  // 0.70 CNY each
  play(Stage::clip, "max-cost-hour=1.5", kShots);
  listen([&] { return heard.done == 2 && !heard.states.empty(); });
  listen([&] { return false; }, 1s);
  EXPECT_EQ(heard.error, "");
  EXPECT_EQ(heard.done, 2u);
  EXPECT_EQ(heard.failed, 0u);
  EXPECT_EQ(heard.states, std::vector<std::string>{"resting"});
  EXPECT_EQ(creates(), 2u);
  stop();
}
