// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a launch line to its end and tells the report what happens.
#pragma once

#include "report.h"

#include <functional>
#include <optional>
#include <string>

namespace aigc::runner {

enum class Ending { finished, interrupted, stopped, failed };

struct LaunchOptions {
  std::function<void()> drop;               ///< called when a run is ended as it stands
  std::function<void(GstElement*)> prepare; ///< may change the pipeline before it starts
};

/// Runs until EOS, an error (told to the report), or a signal: the first SIGINT, SIGTERM or SIGHUP
/// asks the pipeline for EOS (`interrupted`, or `stopped` when there was nothing to finish), the
/// second calls `drop` and ends it as it stands (`stopped`). Throws Error when the line cannot be
/// built.
Ending launch(const std::string& line, Report& report, const LaunchOptions& options);

/// Looks into a file that was made; nothing when it holds no picture and no sound.
std::optional<Made> examine(const std::string& path);

} // namespace aigc::runner
