// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc channel: a job that never ends by itself.
#pragma once

#include "command_line.h"

namespace aigc::runner {

inline constexpr const char* kChannelJob = "channel";

/// Keeps the pipeline of `job` on air until the programme is ended through the control socket
/// (true), or by a signal (false): then nothing says that it is over, and the next start goes on.
/// What breaks is built anew. Throws Error for what would break at once again.
bool run_channel(const JobFile& job, const CommandLine& line);

/// The line for gst-launch-1.0: as it stands, without a folder that nobody named.
std::string channel_line(const JobFile& job, const CommandLine& line);

} // namespace aigc::runner
