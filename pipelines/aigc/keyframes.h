// SPDX-License-Identifier: LGPL-2.1-or-later
// A film in two steps: its keyframes and a sheet of them first, the film from those keyframes then.
#pragma once

#include "run_job.h"

#include <string>

namespace aigc::runner {

/// Beside `out`.
std::string keyframe_sheet_name(const std::string& out);

/// Makes the words and the keyframes, and a sheet of them at `sheet`; the clips are only planned.
/// Throws Error, of settings when the job paints no keyframes.
Ending make_keyframes(const JobFile& job, const Values& values, const std::string& sheet,
                      Report& report, LaunchOptions options = {});

/// False when something is wrong with the run, which `report` was told. Throws
/// Error{Fault::not_found} that names the shots whose keyframe is not in the store, so that nobody
/// pays for pictures that were not looked at.
bool check_keyframes(const JobFile& job, const Values& values, Report& report);

} // namespace aigc::runner
