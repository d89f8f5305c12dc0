// SPDX-License-Identifier: LGPL-2.1-or-later
// The fault matrix of a channel, clips of every kind: the service delivers them as the second clip,
// and the channel shows or leaves out that one, and all others.
#include "clip_zoo.h"
#include "fault/channel_matrix.h"

#include <map>
#include <ostream>

using namespace std::chrono_literals;

namespace {

enum class Fate {
  shown,    ///< from its first frame to that of its shot's last
  cut_off,  ///< shown as far as it goes
  left_out, ///< never on air
};

struct Row {
  const char* name;
  const char* clip; ///< of the zoo
  Fate fate;
  guint64 frames = 5;    ///< shown
  double duration = 0.5; ///< of the shots
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Row kRows[] = {
    {"Plain", "plain", Fate::shown},
    {"Rotated", "rotated", Fate::shown},
    {"HighDynamicRange", "HDR", Fate::shown},
    {"VariableRate", "VFR", Fate::shown},
    {"OddSize", "odd size", Fate::shown},
    {"NoAudio", "no audio", Fate::shown},
    {"ShortClip", "0.3 s", Fate::shown, 3},
    {"HourLongClip", "1 h", Fate::shown},
    {"CorruptInTheMiddle", "corrupt in the middle", Fate::cut_off, 39, 4},
    {"NoVideo", "only audio", Fate::left_out},
    {"Truncated", "truncated", Fate::left_out},
    {"ZeroLength", "zero length", Fate::left_out},
    {"NoClip", "wrong MIME", Fate::left_out},
};

/// Made once.
class Zoo : public testing::Environment {
 public:
  void SetUp() override {
    for (const auto& clip : clips::clip_zoo(dir_))
      paths[clip.name] = clip.path;
  }
  std::map<std::string, std::string> paths;

 private:
  clips::TempDir dir_;
};
Zoo* const zoo = static_cast<Zoo*>(testing::AddGlobalTestEnvironment(new Zoo));

class Clips : public ChannelMatrix, public testing::WithParamInterface<Row> {};

} // namespace

TEST_P(Clips, TheChannelStaysOnAir) {
  const Row& row = GetParam();
  // What is bad is downloaded twice.
  const char* times = row.fate == Fate::left_out ? "2" : "1";
  server.fail(R"([{"route":"result","kind":"file","skip":1,"times":)" + std::string(times) +
              R"(,"path":")" + zoo->paths.at(row.clip) + "\"}]");
  auto given = setup();
  given.shot = R"(,"keyframe":"never")";
  given.camera = "max-in-flight=1 model=wan3.0-video"; // in the list's order, of 2 s or more
  given.seconds = row.duration;
  LiveChannel channel(given);
  channel.play();
  const std::string odd = "shot-2", next = "shot-3";
  ASSERT_TRUE(channel.hear("ended", "shot-1"));
  if (row.fate == Fate::left_out) {
    ASSERT_TRUE(channel.hear("ended", next));
    EXPECT_EQ(channel.last("started", odd).what, "");
    EXPECT_EQ(channel.warnings().size(), 1u);
  } else {
    ASSERT_TRUE(channel.hear("ended", odd));
    const Said ended = channel.last("ended", odd);
    if (row.fate == Fate::shown) {
      EXPECT_EQ(ended.frames, row.frames);
      EXPECT_EQ(ended.reason, "played");
      EXPECT_EQ(channel.warnings(), std::vector<std::string>());
    } else {
      EXPECT_GE(ended.frames, row.frames / 4);
      EXPECT_LE(ended.frames, row.frames);
      EXPECT_NE(ended.reason, "played");
      EXPECT_EQ(channel.warnings().size(), 1u);
    }
    ASSERT_TRUE(channel.hear("started", next));
  }
  ASSERT_TRUE(channel.passes(3));
  channel.stop();
}

INSTANTIATE_TEST_SUITE_P(Matrix, Clips, testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });
