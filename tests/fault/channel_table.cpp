// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_table.h.
#include "fault/channel_table.h"

using namespace aigc;

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
