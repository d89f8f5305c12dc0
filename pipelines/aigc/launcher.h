// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a launch line to its end and tells the report what happens.
#pragma once

#include "base/ref.h"
#include "interrupt.h"
#include "report.h"

#include <functional>
#include <optional>
#include <string>

namespace aigc::runner {

enum class Ending { finished, interrupted, stopped, failed };

struct LaunchOptions {
  std::function<void()> drop;                    ///< called when a run is ended as it stands
  std::function<void(GstElement*)> prepare;      ///< may change the pipeline before it starts
  std::function<void(const GstStructure*)> hear; ///< is told the messages aigc/..., too
  /// Of several runs at once, each on a thread with a default main context of its own. Without it
  /// the run listens to signals itself.
  Interrupt* interrupt = nullptr;
};

/// Runs until EOS, an error (told to the report), or an interruption: the first asks the pipeline
/// for EOS (`interrupted`, or `stopped` when there was nothing to finish), the second calls `drop`
/// and ends it as it stands (`stopped`). Throws Error when the line cannot be built. With a shared
/// interrupt a pipeline that does not stop is left to itself, and has failed. Returns when nothing
/// of the pipeline is at work any more.
Ending launch(const std::string& line, Report& report, const LaunchOptions& options);

/// Throws Error{Fault::missing_plugin, negotiation} when the line cannot be built.
Ref<GstElement> build_pipeline(const std::string& line);

/// Stops a pipeline, and waits until nothing of it is at work. Returns whether it stopped; else it
/// is left to itself. The caller's references must be gone.
bool end_pipeline(Ref<GstElement> pipeline);

/// The same where the program ends at once: x264enc, for one, encodes all the frames it looks ahead
/// to before it stops, and with a slow preset that takes seconds. All others stop before it, what
/// they have at work is waited for, and it may be left to itself.
bool leave_pipeline(Ref<GstElement> pipeline);

/// Whether a pipeline, or work it began, was left to itself: then nothing but _exit() ends the
/// process safely.
bool has_left_pipelines();

/// Looks into a file that was made; nothing when it holds no picture and no sound.
std::optional<Made> examine(const std::string& path);

} // namespace aigc::runner
