// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a launch line to its end and tells the report what happens.
#pragma once

#include "report.h"

#include <functional>
#include <optional>
#include <string>

namespace aigc::runner {

enum class Ending { finished, interrupted, stopped, failed };

/// Runs until EOS, an error (told to the report), or a signal: the first SIGINT, SIGTERM or SIGHUP
/// asks the pipeline for EOS (`interrupted`, or `stopped` when there was nothing to finish), the
/// second calls `drop` and ends it as it stands (`stopped`). Throws Error when the line cannot be
/// built.
Ending launch(const std::string& line, Report& report, const std::function<void()>& drop);

/// Looks into a file that was made; nothing when it holds no picture and no sound.
std::optional<Made> examine(const std::string& path);

} // namespace aigc::runner
