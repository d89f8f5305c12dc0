// SPDX-License-Identifier: LGPL-2.1-or-later
// What a live channel makes of a writer that fails: see channel_table.h.
#include "fault/channel_table.h"

using namespace aigc;

namespace {

// With max-retries=1 each goes out twice, and once more before the service rests.
const Row kTable[] = {
    {"Status401", Stage::words, EVER("chat", STATUS(401)), Ends::rests, kShots},
    {"Status402", Stage::words, EVER("chat", STATUS(402)), Ends::rests, kShots},
    {"Status408Once", Stage::words, ONCE("chat", STATUS(408)), Ends::made, kFew + 1},
    {"Status408", Stage::words, EVER("chat", STATUS(408)), Ends::rests, 4 * kShots},
    {"Status429Once", Stage::words, ONCE("chat", STATUS(429) R"(,"retry_after":1)"), Ends::made,
     kFew + 1},
    {"Status429", Stage::words, EVER("chat", STATUS(429) R"(,"retry_after":1)"), Ends::rests,
     3 * kShots, "max-retries=0"},
    {"Status500Once", Stage::words, ONCE("chat", STATUS(500)), Ends::made, kFew + 1},
    {"Status500", Stage::words, EVER("chat", STATUS(500)), Ends::rests, 4 * kShots},
    {"Status503", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots},
    {"Hang", Stage::words, EVER("chat", R"("kind":"hang-before-headers")"), Ends::left_out, kFew,
     "timeout=1000"},
    {"SlowBody", Stage::words, EVER("chat", R"("kind":"slow-drip","bytes_per_second":20)"),
     Ends::left_out, kFew, "timeout=1000"},
    {"Status503Fails", Stage::words, EVER("chat", STATUS(503)), Ends::rests, 4 * kShots,
     "on-error=fail"},
    {"NameIsLost", Stage::words, "", Ends::rests, 0, "base-url=http://nowhere.invalid"},
    {"ConnectionRefused", Stage::words, "", Ends::rests, 0, "base-url=http://127.0.0.1:1"},
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Words, ChannelTable, testing::ValuesIn(kTable),
                         [](const auto& info) { return std::string(info.param.name); });
