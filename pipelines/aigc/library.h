// SPDX-License-Identifier: LGPL-2.1-or-later
// The folders of an installation, and the jobs in them.
#pragma once

#include "job_file.h"

#include <string>
#include <vector>

namespace aigc::runner {

/// Lets GStreamer find the plugin installed with this program, wherever the tree was put. Call
/// before gst_init().
void add_plugin_folder();

/// Names of all jobs, sorted. Throws Error{Fault::not_found} when there is no folder of jobs.
std::vector<std::string> job_names();

/// Path of a file that belongs to the jobs: of the one beside them, else of the one installed.
/// Throws Error{Fault::not_found}.
std::string job_resource(const std::string& name);

/// Throws Error{Fault::settings} when there is no such job, Error{Fault::format} when it is broken.
JobFile load_job(const std::string& name);

} // namespace aigc::runner
