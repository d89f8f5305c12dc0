// SPDX-License-Identifier: LGPL-2.1-or-later
// See run_job.h.
#include "run_job.h"

#include "base/error.h"
#include "output_file.h"

namespace aigc::runner {

JobRun run_job(const JobFile& job, Values values, Report& report, LaunchOptions options) {
  std::optional<OutputFile> file;
  if (const Variable* output = job.output()) {
    file.emplace(values.at(output->name));
    values[output->name] = file->temporary();
  }
  const std::string out = file ? file->path() : "";
  report.start(job.name(), out);
  options.drop = [&file] {
    if (file) file->discard();
  };
  JobRun run{.ending = launch(job.render(values), report, options)};
  if (run.ending == Ending::failed) return run;
  const bool interrupted = run.ending != Ending::finished;
  const bool kept = file && run.ending != Ending::stopped && !(interrupted && options.interrupt);
  if (kept) run.made = examine(file->temporary());
  if (run.made) {
    file->commit();
    run.made->path = out;
  } else if (file && !interrupted) {
    throw Error(Fault::format, out + " was not made: the job ended without a picture or sound",
                "Look at the line with --print.");
  }
  report.finish(run.made ? &*run.made : nullptr, interrupted);
  return run;
}

} // namespace aigc::runner
