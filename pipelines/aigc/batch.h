// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc batch: many rows, one job.
#pragma once

#include "command_line.h"

namespace aigc::runner {

/// Runs `job` once per row of line.rows, or, without rows, once per language of the values. Returns
/// the exit status: 0 all is there, 1 something failed, 130 interrupted. Throws Error when nothing
/// was started. Call gst_init() first. Does not return when something hangs: then it ends the
/// process.
int run_batch(const JobFile& job, const CommandLine& line);

} // namespace aigc::runner
