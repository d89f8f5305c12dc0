// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc ctl: asks a channel that is on air, or tells it what to do.
#pragma once

#include <string>
#include <vector>

namespace aigc::runner {

/// The words behind `ctl`. Prints the answer; false when it is a refusal, printed as it came
/// (--json). Throws Error: settings for wrong usage, else what went wrong.
bool run_ctl(const std::vector<std::string>& words);

} // namespace aigc::runner
