// SPDX-License-Identifier: LGPL-2.1-or-later
// See run_job.h.
#include "run_job.h"

#include "base/error.h"
#include "brand_check.h"
#include "output_file.h"

namespace aigc::runner {

namespace {

/// Tells the figures. Past the limits of the brand there is to be no file, where that is asked for:
/// an older one of that name may be better.
void judge(const BrandCheck& check, const Values& values, const std::string& out, Report& report) {
  const BrandFigures figures = check.figures();
  report.figures(figures);
  const auto wish = values.find("brand-check");
  if (figures.ok() || wish == values.end() || wish->second != "fail") return;
  throw Error(Fault::format, out + " was not made: " + figures.text(),
              "Try another take, another grade or a title on other colours; to look at it, run it "
              "with brand-check=report.");
}

} // namespace

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
  const auto check = BrandCheck::make(values);
  options.prepare = [prepare = options.prepare, &check](GstElement* pipeline) {
    if (prepare) prepare(pipeline);
    if (check) check->attach(pipeline);
  };
  JobRun run{.ending = launch(job.render(values), report, options)};
  if (run.ending == Ending::failed) return run;
  if (check && run.ending == Ending::finished) judge(*check, values, out, report);
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
