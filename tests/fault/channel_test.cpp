// SPDX-License-Identifier: LGPL-2.1-or-later
// Bad weather in a live channel with on-error=skip or fail: whatever a service does, there is no
// ERROR. What may pass is tried again, what is the shot's fault is left out, and a service that is
// out is left alone until it is back. The server counts what it is asked.
#include "base/json.h"
#include "fault/weather.h"

#include <ostream>

using namespace aigc;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

enum class Ends {
  made,     ///< all shots, in the end
  left_out, ///< all shots, with a warning each
  rests,    ///< nothing is left out, the service rests
};

struct Row {
  const char* name;
  Stage stage;
  const char* fault;
  Ends ends;
  size_t most_creates; ///< of all shots, until that is so
  const char* properties = "";
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

#define ONCE(route, rest) R"({"route":")" route R"(","times":1,)" rest "}"
#define EVER(route, rest) R"({"route":")" route R"(","times":-1,)" rest "}"
#define STATUS(status) R"("kind":"status","status":)" #status

/// All at once, as many as it takes to send a service to rest; fewer where they are left out.
constexpr int kShots = 5, kLeftOut = 3;

// With max-retries=1 each goes out twice, and once more before the service rests.
const Row kTable[] = {
    {"Status400", Stage::clip, EVER("video", STATUS(400)), Ends::left_out, kLeftOut},
    {"Status401", Stage::words, EVER("chat", STATUS(401)), Ends::rests, kShots},
    {"Status402", Stage::words, EVER("chat", STATUS(402)), Ends::rests, kShots},
    {"Status403", Stage::clip, EVER("video", STATUS(403)), Ends::rests, kShots},
    {"Status404", Stage::clip, EVER("video", STATUS(404)), Ends::left_out, kLeftOut},
    {"Status408Once", Stage::words, ONCE("chat", STATUS(408)), Ends::made, kShots + 1},
    {"Status408", Stage::words, EVER("chat", STATUS(408)), Ends::rests, 4 * kShots},
    {"Status409", Stage::clip, EVER("video", STATUS(409)), Ends::left_out, kLeftOut},
    {"Status429Once", Stage::words, ONCE("chat", STATUS(429) R"(,"retry_after":1)"), Ends::made,
     kShots + 1},
    {"Status429", Stage::words, EVER("chat", STATUS(429) R"(,"retry_after":1)"), Ends::rests,
     3 * kShots, "max-retries=0"},
    {"Quota429", Stage::clip, EVER("video", STATUS(429) R"(,"code":"Throttling.AllocationQuota")"),
     Ends::rests, kShots},
    {"Status500Once", Stage::words, ONCE("chat", STATUS(500)), Ends::made, kShots + 1},
    {"Status500", Stage::words, EVER("chat", STATUS(500)), Ends::rests, 4 * kShots},
    {"Status503", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots},
    {"Moderation", Stage::clip, EVER("video", STATUS(400) R"(,"code":"DataInspectionFailed")"),
     Ends::left_out, kLeftOut},
    {"Hang", Stage::words, EVER("chat", R"("kind":"hang-before-headers")"), Ends::left_out,
     kLeftOut, "timeout=1000"},
    {"SlowBody", Stage::words, EVER("chat", R"("kind":"slow-drip","bytes_per_second":20)"),
     Ends::left_out, kLeftOut, "timeout=1000"},
    {"TruncatedClipOnce", Stage::clip, ONCE("result", R"("kind":"truncate","after_bytes":3000)"),
     Ends::made, kShots},
    {"BrokenClip", Stage::clip, EVER("result", R"("kind":"broken-clip")"), Ends::left_out,
     kLeftOut},
    {"EmptyClip", Stage::clip, EVER("result", R"("kind":"empty")"), Ends::left_out, kLeftOut},
    {"WrongMime", Stage::clip, EVER("result", R"("kind":"wrong-type","type":"text/plain")"),
     Ends::made, kShots},
    {"NoClip", Stage::clip, EVER("result", R"("kind":"html","status":200)"), Ends::left_out,
     kLeftOut},
    {"ExpiredAddress", Stage::clip, EVER("result", R"("kind":"expired-url")"), Ends::left_out,
     kLeftOut},
    {"PollsFail", Stage::clip, R"({"route":"task","times":3,"kind":"html","status":502})",
     Ends::made, kShots},
    {"ModerationFails", Stage::clip, EVER("video", STATUS(400) R"(,"code":"DataInspectionFailed")"),
     Ends::left_out, kLeftOut, "on-error=fail"},
    {"Status503Fails", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots,
     "on-error=fail"},
    {"NameIsLost", Stage::words, "", Ends::rests, 0, "base-url=http://nowhere.invalid"},
    {"ConnectionRefused", Stage::words, "", Ends::rests, 0, "base-url=http://127.0.0.1:1"},
};

/// What was said on the bus so far.
struct Heard {
  size_t done = 0, failed = 0;
  std::vector<std::string> states; ///< of aigc/service
  std::vector<std::string> warnings;
  std::string error;
  bool eos = false;
};

class Channel : public WeatherTest {
 protected:
  /// Plays with a demand, as clipplayout has one.
  void play(const Row& row, int shots) {
    std::string text;
    for (int i = 0; i < shots; ++i)
      text += "fox number " + std::to_string(i) + "\n";
    const std::string list = folder.path() + "/list.txt";
    g_file_set_contents(list.c_str(), text.c_str(), -1, nullptr);
    line_ = "aishotsrc location=" + list + " ! " +
            line_of(row.stage, "on-error=skip max-in-flight=5 poll-interval=50 max-retries=1 " +
                                   std::string(row.properties)) +
            " ! fakesink name=out sync=false";
    launch_ = std::make_unique<Launch>(line_);
    ASSERT_EQ(launch_->parse_error, "");
    gst_element_set_state(launch_->get(), GST_STATE_PLAYING);
    const auto sink = launch_->element("out");
    const auto pad = adopt(gst_element_get_static_pad(sink.get(), "sink"));
    const auto demand = [] {
      return gst_event_new_custom(
          GST_EVENT_CUSTOM_UPSTREAM,
          gst_structure_new("aigc-demand", "seconds", G_TYPE_DOUBLE, 1000.0, nullptr));
    };
    while (!gst_pad_push_event(pad.get(), demand()))
      g_usleep(200);
  }

  /// Listens until `is_over`, or an ERROR, or for too long.
  template <typename Over> void listen(Over is_over, std::chrono::seconds longest = 20s) {
    const auto end = Clock::now() + longest;
    while (!is_over() && heard.error.empty() && Clock::now() < end) {
      auto message = adopt(gst_bus_timed_pop(launch_->bus().get(), 10 * GST_MSECOND));
      if (message) take(message.get());
    }
  }

  size_t creates() {
    size_t count = 0;
    const auto log = server.calls();
    const JsonView all = JsonView(log.get())["calls"];
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string route = all.at(i)["route"].text();
      count += route == "chat" || route == "video";
    }
    return count;
  }

  void stop() {
    const auto from = Clock::now();
    gst_element_set_state(launch_->get(), GST_STATE_NULL);
    EXPECT_LT(Clock::now() - from, 1s);
    launch_.reset();
  }

  Heard heard;

 private:
  void take(GstMessage* message) {
    ErrorSlot error;
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message, error.out(), nullptr);
      heard.error = error.message();
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning(message, error.out(), nullptr);
      heard.warnings.push_back(error.message());
      break;
    case GST_MESSAGE_EOS:
      heard.eos = true;
      break;
    case GST_MESSAGE_ELEMENT: {
      const GstStructure* said = gst_message_get_structure(message);
      heard.done += gst_structure_has_name(said, "aigc/shot-done");
      heard.failed += gst_structure_has_name(said, "aigc/shot-failed");
      if (gst_structure_has_name(said, "aigc/service"))
        heard.states.push_back(gst_structure_get_string(said, "state"));
      break;
    }
    default:
      break;
    }
  }

  std::string line_;
  std::unique_ptr<Launch> launch_;
};

class ChannelTable : public Channel, public testing::WithParamInterface<Row> {};

} // namespace

TEST_P(ChannelTable, NeverEndsInAnError) {
  const Row& row = GetParam();
  const int shots = row.ends == Ends::left_out ? kLeftOut : kShots;
  if (*row.fault) fault(row.fault);
  play(row, shots);
  listen([&] { return heard.eos || !heard.states.empty(); });
  EXPECT_EQ(heard.error, "");
  EXPECT_LE(creates(), row.most_creates);
  switch (row.ends) {
  case Ends::made:
    EXPECT_TRUE(heard.eos);
    EXPECT_EQ(heard.done, size_t(shots));
    EXPECT_EQ(heard.warnings.size(), 0u);
    break;
  case Ends::left_out:
    EXPECT_TRUE(heard.eos);
    EXPECT_EQ(heard.failed, size_t(shots));
    EXPECT_EQ(heard.warnings.size(), size_t(shots));
    break;
  case Ends::rests:
    EXPECT_EQ(heard.states, std::vector<std::string>{"resting"});
    EXPECT_EQ(heard.failed, 0u) << "no shot is burnt";
    EXPECT_EQ(heard.done, 0u);
    break;
  }
  stop();
}

INSTANTIATE_TEST_SUITE_P(Fault, ChannelTable, testing::ValuesIn(kTable),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Channel, AServiceThatComesBackMakesAllThatWaited) {
  server.fail("[" EVER("chat", STATUS(500)) "," EVER("models", STATUS(500)) "]");
  play({"", Stage::words, "", Ends::rests, 0}, kShots);
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
  play({"", Stage::clip, "", Ends::rests, 0, "max-cost-hour=1.5"}, kShots);
  listen([&] { return heard.done == 2 && !heard.states.empty(); });
  listen([&] { return false; }, 1s);
  EXPECT_EQ(heard.error, "");
  EXPECT_EQ(heard.done, 2u);
  EXPECT_EQ(heard.failed, 0u);
  EXPECT_EQ(heard.states, std::vector<std::string>{"resting"});
  EXPECT_EQ(creates(), 2u);
  stop();
}
