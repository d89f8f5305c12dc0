// SPDX-License-Identifier: LGPL-2.1-or-later
// The fault matrix of a channel, what services answer: whatever that is, the channel stays on air,
// says no ERROR, and has items again by itself once it is over.
#include "fault/channel_matrix.h"

#include <cstring>
#include <map>
#include <memory>
#include <ostream>

using namespace std::chrono_literals;

namespace {

#define FAULT(route, rest) R"([{"route":")" route R"(","times":-1,)" rest "}]"
#define STATUS(status) R"("kind":"status","status":)" #status

struct Row {
  const char* name;
  const char* fault;
  /// How often it is played before it is over: fewer than send a service to rest, which is another
  /// case, where it is the service's fault.
  size_t times = 3;
  bool plays = false; ///< items go on air all the same
  const char* stages = "";
  bool rests = false; ///< the service, before it is over
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Row kRows[] = {
    {"Status400", FAULT("video", STATUS(400))},
    {"Status404", FAULT("video", STATUS(404))},
    {"Status408", FAULT("chat", STATUS(408))},
    {"Status409", FAULT("video", STATUS(409))},
    {"Status429", FAULT("video", STATUS(429) R"(,"retry_after":1)")},
    {"Status500", FAULT("image-async", STATUS(500))},
    {"Status503", FAULT("chat", STATUS(503))},
    {"Status503ForLong", FAULT("chat", STATUS(503)), 5, false, "", true},
    {"PollsFail", FAULT("task", STATUS(502))},
    {"Hang", FAULT("chat", R"("kind":"hang-before-headers")"), 2, false, "timeout=1000"},
    {"SlowLorisWords", FAULT("chat", R"("kind":"slow-drip","bytes_per_second":20)"), 2, false,
     "timeout=1000"},
    {"SlowLorisClip", FAULT("result", R"("kind":"slow-drip","bytes_per_second":20)"), 2, false,
     "timeout=2000"},
    {"TruncatedClip", FAULT("result", R"("kind":"truncate","after_bytes":3000)"), 2, false},
    {"EmptyClip", FAULT("result", R"("kind":"empty")")},
    {"NoClip", FAULT("result", R"("kind":"html","status":200)")},
    {"WrongMime", FAULT("result", R"("kind":"wrong-type","type":"text/plain")"), 3, true},
    {"ExpiredAddress", FAULT("result", R"("kind":"expired-url")")},
    {"Moderation", FAULT("video", STATUS(400) R"(,"code":"DataInspectionFailed")")},
    {"ModerationOfWords", FAULT("chat", R"("kind":"content-filter")")},
    {"TaskFails", FAULT("video", R"("kind":"task-state","state":"FAILED")")},
};

struct No {
  const char* name;
  const char* fault;
};

void PrintTo(const No& no, std::ostream* out) {
  *out << no.name;
}

/// What only a person can change; a service is asked again, for free, a minute later.
const No kNos[] = {
    {"Status401", FAULT("chat", STATUS(401))},
    {"Status402", FAULT("chat", STATUS(402))},
    {"Status403", FAULT("video", STATUS(403))},
};

/// The channels of these, which wait for that minute while the others are tested.
class Refused : public testing::Environment {
 public:
  struct Channel {
    Standin server;
    TempFolder folder;
    std::unique_ptr<LiveChannel> air;
  };
  void SetUp() override {
    put_keys();
    for (const No& no : kNos) {
      Channel& channel = channels[no.name];
      channel.server.configure(kSmallAndQuick);
      channel.server.fail(no.fault);
      channel.air = std::make_unique<LiveChannel>(setup_for(channel.server, channel.folder.path()));
      channel.air->play();
    }
    for (auto& [name, channel] : channels) {
      channel.air->until("rest", [&] { return !channel.air->states().empty(); });
      channel.server.fail("[]");
    }
  }
  void TearDown() override { channels.clear(); }
  std::map<std::string, Channel> channels;
};
auto* const refused = static_cast<Refused*>(testing::AddGlobalTestEnvironment(new Refused));

class Answers : public ChannelMatrix, public testing::WithParamInterface<Row> {};

class Nos : public testing::TestWithParam<No> {};

} // namespace

TEST_P(Answers, StayOnAirAndReturn) {
  const Row& row = GetParam();
  server.fail(row.fault);
  auto given = setup();
  given.stages = row.stages;
  // What is downloaded is then a clip.
  if (strstr(row.fault, "result")) given.shot = R"(,"keyframe":"never")";
  LiveChannel channel(given);
  channel.play();
  ASSERT_TRUE(channel.until("the fault", [&] { return spoiled() >= row.times; }));
  if (row.rests) {
    ASSERT_TRUE(channel.until("rest", [&] { return !channel.states().empty(); }));
  }
  ASSERT_TRUE(channel.passes(3));
  if (!row.plays) {
    EXPECT_EQ(channel.count("started"), 0u);
    EXPECT_TRUE(channel.hear("enter", "slate"));
  }
  server.fail("[]");
  ASSERT_TRUE(channel.airs(1));
  ASSERT_TRUE(channel.passes(3));
  channel.stop();
}

INSTANTIATE_TEST_SUITE_P(Matrix, Answers, testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Nos, LeaveTheChannelOnAirUntilItIsAskedAgain) {
  LiveChannel& channel = *refused->channels.at(GetParam().name).air;
  ASSERT_TRUE(channel.hear("started", {}, 90s));
  ASSERT_TRUE(channel.passes(3));
  EXPECT_EQ(channel.states(), (std::vector<std::string>{"resting", "back"}));
  EXPECT_TRUE(channel.hear("enter", "slate"));
  EXPECT_EQ(channel.warnings().size(), 1u);
  channel.stop();
}

INSTANTIATE_TEST_SUITE_P(Matrix, Nos, testing::ValuesIn(kNos),
                         [](const auto& info) { return std::string(info.param.name); });
