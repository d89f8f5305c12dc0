// SPDX-License-Identifier: LGPL-2.1-or-later
// Bad weather in a live channel with on-error=skip or fail: whatever a service does, there is no
// ERROR. What may pass is tried again, what is the shot's fault is left out, and a service that is
// out is left alone until it is back. The server counts what it is asked.
#include "fault/channel_weather.h"

#include <ostream>

using namespace aigc;

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

/// All at once, as many as it takes to send a service to rest; else as many as may start together.
constexpr int kShots = 5, kFew = 2;

// With max-retries=1 each goes out twice, and once more before the service rests.
const Row kTable[] = {
    {"Status400", Stage::clip, EVER("video", STATUS(400)), Ends::left_out, kFew},
    {"Status401", Stage::words, EVER("chat", STATUS(401)), Ends::rests, kShots},
    {"Status402", Stage::words, EVER("chat", STATUS(402)), Ends::rests, kShots},
    {"Status403", Stage::clip, EVER("video", STATUS(403)), Ends::rests, kShots},
    {"Status404", Stage::clip, EVER("video", STATUS(404)), Ends::left_out, kFew},
    {"Status408Once", Stage::words, ONCE("chat", STATUS(408)), Ends::made, kFew + 1},
    {"Status408", Stage::words, EVER("chat", STATUS(408)), Ends::rests, 4 * kShots},
    {"Status409", Stage::clip, EVER("video", STATUS(409)), Ends::left_out, kFew},
    {"Status429Once", Stage::words, ONCE("chat", STATUS(429) R"(,"retry_after":1)"), Ends::made,
     kFew + 1},
    {"Status429", Stage::words, EVER("chat", STATUS(429) R"(,"retry_after":1)"), Ends::rests,
     3 * kShots, "max-retries=0"},
    {"Quota429", Stage::clip, EVER("video", STATUS(429) R"(,"code":"Throttling.AllocationQuota")"),
     Ends::rests, kShots},
    {"Status500Once", Stage::words, ONCE("chat", STATUS(500)), Ends::made, kFew + 1},
    {"Status500", Stage::words, EVER("chat", STATUS(500)), Ends::rests, 4 * kShots},
    {"Status503", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots},
    {"Moderation", Stage::clip, EVER("video", STATUS(400) R"(,"code":"DataInspectionFailed")"),
     Ends::left_out, kFew},
    {"Hang", Stage::words, EVER("chat", R"("kind":"hang-before-headers")"), Ends::left_out, kFew,
     "timeout=1000"},
    {"SlowBody", Stage::words, EVER("chat", R"("kind":"slow-drip","bytes_per_second":20)"),
     Ends::left_out, kFew, "timeout=1000"},
    {"TruncatedClipOnce", Stage::clip, ONCE("result", R"("kind":"truncate","after_bytes":3000)"),
     Ends::made, kFew},
    {"BrokenClip", Stage::clip, EVER("result", R"("kind":"broken-clip")"), Ends::left_out, kFew},
    {"EmptyClip", Stage::clip, EVER("result", R"("kind":"empty")"), Ends::left_out, kFew},
    {"WrongMime", Stage::clip, EVER("result", R"("kind":"wrong-type","type":"text/plain")"),
     Ends::made, kFew},
    {"NoClip", Stage::clip, EVER("result", R"("kind":"html","status":200)"), Ends::left_out, kFew},
    {"ExpiredAddress", Stage::clip, EVER("result", R"("kind":"expired-url")"), Ends::left_out,
     kFew},
    {"PollsFail", Stage::clip, R"({"route":"task","times":3,"kind":"html","status":502})",
     Ends::made, kFew},
    {"ModerationFails", Stage::clip, EVER("video", STATUS(400) R"(,"code":"DataInspectionFailed")"),
     Ends::left_out, kFew, "on-error=fail"},
    {"Status503Fails", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots,
     "on-error=fail"},
    {"NameIsLost", Stage::words, "", Ends::rests, 0, "base-url=http://nowhere.invalid"},
    {"ConnectionRefused", Stage::words, "", Ends::rests, 0, "base-url=http://127.0.0.1:1"},
};

class ChannelTable : public Channel, public testing::WithParamInterface<Row> {};

} // namespace

TEST_P(ChannelTable, NeverEndsInAnError) {
  const Row& row = GetParam();
  const int shots = row.ends == Ends::rests ? kShots : kFew;
  configure(R"({"video": {"seconds": 0.05}})");
  if (*row.fault) fault(row.fault);
  play(row.stage, row.properties, shots);
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
