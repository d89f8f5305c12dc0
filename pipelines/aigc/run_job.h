// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of a job: its file appears when it is whole.
#pragma once

#include "job_file.h"
#include "launcher.h"

namespace aigc::runner {

struct JobRun {
  Ending ending = Ending::failed;
  std::optional<Made> made; ///< under its own name
};

/// Runs completed values and tells the report all of it. An interrupted run keeps the part that is
/// there, unless it is one of several (`options.interrupt`): then it makes nothing. Throws Error.
JobRun run_job(const JobFile& job, Values values, Report& report, LaunchOptions options);

} // namespace aigc::runner
