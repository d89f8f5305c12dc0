// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of aigc as data.
#pragma once

#include "job_file.h"

#include <optional>
#include <string>

namespace aigc::runner {

struct CommandLine {
  std::string job;  ///< or costs, doctor, batch
  std::string rows; ///< of batch: the file; `job` is then the job of each row
  bool batch = false;
  Values values;
  bool help = false, list = false, version = false, print = false, json = false;
  bool dry_run = false;      ///< only say what would be called
  std::string stop_at;       ///< "keyframes": make those alone
  std::string from;          ///< "keyframes": pay for none of those
  std::string since;         ///< of costs: a day
  std::string report;        ///< of batch: JSON file
  std::string sheet;         ///< of many files: a contact sheet of what is there
  std::string shard;         ///< of batch: "I/N", I from 0; empty = as the environment says
  std::string shards;        ///< of batch: N, where the environment gives I alone
  std::string jobs;          ///< of batch: rows worked on at once
  std::string max_cost;      ///< of batch: over all rows
  bool retry_failed = false; ///< of batch: only what failed last time
  bool allow_preview = false;
};

/// Throws Error{Fault::settings} for an unknown option, an option without its value, or one that is
/// not for this command.
CommandLine read_command_line(int argc, char** argv);

const char* help_text();

} // namespace aigc::runner
