// SPDX-License-Identifier: LGPL-2.1-or-later
// What a live channel makes of a camera that fails: see channel_table.h.
#include "fault/channel_table.h"

using namespace aigc;

namespace {

// With max-retries=1 each goes out twice, and once more before the service rests.
const Row kTable[] = {
    {"Status400", Stage::clip, EVER("video", STATUS(400)), Ends::left_out, kFew},
    {"Status403", Stage::clip, EVER("video", STATUS(403)), Ends::rests, kShots},
    {"Status404", Stage::clip, EVER("video", STATUS(404)), Ends::left_out, kFew},
    {"Status409", Stage::clip, EVER("video", STATUS(409)), Ends::left_out, kFew},
    {"Quota429", Stage::clip, EVER("video", STATUS(429) R"(,"code":"Throttling.AllocationQuota")"),
     Ends::rests, kShots},
    {"Moderation", Stage::clip, EVER("video", STATUS(400) R"(,"code":"DataInspectionFailed")"),
     Ends::left_out, kFew},
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
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Clips, ChannelTable, testing::ValuesIn(kTable),
                         [](const auto& info) { return std::string(info.param.name); });
