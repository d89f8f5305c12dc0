// SPDX-License-Identifier: LGPL-2.1-or-later
// A look before paying: a job stopped at its keyframes, and gone on with from there.
#pragma once

#include "retake.h"
#include "run_job.h"

namespace aigc::runner {

/// The stages that paint. Throws Error{Fault::settings} when there is none.
std::vector<Ref<GstElement>> find_painters(GstElement* pipeline);

/// Makes the words and the keyframes alone: pictures and their contact sheet, in a folder beside
/// what the job would make. Tells the report all of it. Throws Error.
Ending make_keyframes(const JobFile& job, const Values& values, Report& report);

/// Throws Error{Fault::settings} that names the shots whose keyframes would have to be paid for,
/// other than those `retaken`: nobody has seen them. False when it was interrupted.
bool check_keyframes(const JobFile& job, const Values& values, const std::set<gint64>& retaken,
                     Report& report);

} // namespace aigc::runner
