// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc: runs jobs. Reads the command line and picks what to do.
#include "base/error.h"
#include "batch.h"
#include "channel.h"
#include "command_line.h"
#include "config.h"
#include "costs.h"
#include "ctl.h"
#include "doctor.h"
#include "escape.h"
#include "keyframes.h"
#include "library.h"
#include "output_file.h"
#include "plan.h"
#include "run_job.h"
#include "store/results.h"

#include <csignal>
#include <cstdio>
#include <locale.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <gst/gst.h>

namespace aigc::runner {
namespace {

enum Exit { kDone = 0, kFailed = 1, kUsage = 2, kIncomplete = 3, kInterrupted = 130 };

int list_jobs() {
  for (const auto& name : job_names())
    std::printf("%-10s %s\n", name.c_str(), load_job(name).summary().c_str());
  return kDone;
}

int print_job_help(const JobFile& job) {
  std::printf("aigc %s: %s\n\n", job.name().c_str(), job.summary().c_str());
  for (const auto& variable : job.variables()) {
    const std::string left = variable.name + "=" + variable.placeholder();
    std::string note;
    if (variable.required) note = " (required)";
    if (variable.initial) note = " (default " + *variable.initial + ")";
    std::printf("  %-32s %s%s\n", left.c_str(), variable.help.c_str(), note.c_str());
  }
  return kDone;
}

int print_launch_line(const std::string& line) {
  std::string command = "gst-launch-1.0 -e";
  for (const auto& word : launch_words(line))
    command += " " + shell_quote(word);
  std::puts(command.c_str());
  return kDone;
}

int status_of(Ending ending) {
  switch (ending) {
  case Ending::finished:
    return kDone;
  case Ending::failed:
    return kFailed;
  default:
    return kInterrupted;
  }
}

int run_dry(const JobFile& job, const Values& values, const CommandLine& line, Report& report) {
  const bool whole = line.stop_at.empty();
  if (whole && job.output()) OutputFile::check(values.at(job.output()->name));
  const auto plan =
      plan_job(job, values, whole ? PlanUntil::end : PlanUntil::keyframes, report, nullptr);
  if (!plan) return kInterrupted;
  const PlanSum sum = sum_plans({*plan}, 1);
  report.plan(sum);
  check_max_cost(sum, values);
  return kDone;
}

int run_one(const JobFile& job, const Values& given, const CommandLine& line, Report& report) {
  const TakePlan takes(job, given, report, nullptr);
  const Values& values = takes.values();
  if (line.print) return print_launch_line(job.render(values));
  if (!line.from.empty() && !check_keyframes(job, values, takes.retaken(), report))
    return kInterrupted;
  if (line.dry_run) return run_dry(job, values, line, report);
  const Ending ending = line.stop_at.empty() ? run_job(job, values, report, {}).ending
                                             : make_keyframes(job, values, report);
  if (ending == Ending::finished) takes.remember();
  return status_of(ending);
}

/// Not under the threads of what was left to itself.
void stop_gstreamer() {
  if (!has_left_pipelines()) gst_deinit();
}

int run_many(const JobFile& job, const CommandLine& line) {
  add_plugin_folder();
  gst_init(nullptr, nullptr);
  const int status = run_batch(job, line);
  stop_gstreamer();
  return status;
}

int examine_setup(const CommandLine& line) {
  if (!line.values.empty())
    throw Error(Fault::settings, "doctor takes no " + line.values.begin()->first,
                "See aigc --help.");
  add_plugin_folder();
  gst_init(nullptr, nullptr);
  const Diagnosis diagnosis = diagnose();
  const std::string text = line.json ? diagnosis_json(diagnosis) + "\n" : diagnosis_text(diagnosis);
  std::fputs(text.c_str(), stdout);
  gst_deinit();
  return diagnosis.is_well() ? kDone : kFailed;
}

int tell_costs(const CommandLine& line) {
  if (!line.values.empty())
    throw Error(Fault::settings, "costs takes no " + line.values.begin()->first,
                "See aigc --help.");
  const std::string folder = ResultStore("").folder();
  const Costs costs = sum_costs(Ledger(folder), Journal(folder), *Prices::load(), line.since);
  std::fputs((line.json ? costs_json(costs) + "\n" : costs_text(costs)).c_str(), stdout);
  return kDone;
}

int run_on_air(const JobFile& job, const CommandLine& line) {
  if (line.batch)
    throw Error(Fault::settings, "a channel never ends, so there is no batch of them",
                "Start each with a name of its own: aigc channel name=NAME.");
  if (line.print) return print_launch_line(channel_line(job, line));
  add_plugin_folder();
  gst_init(nullptr, nullptr);
  const bool ended = run_channel(job, line);
  stop_gstreamer();
  return ended ? kDone : kInterrupted;
}

int run(const CommandLine& line, Report& report) {
  if (line.job.empty() && !line.values.empty())
    throw Error(Fault::settings, "no job is named", "See aigc --list.");
  if (line.job == "doctor") return examine_setup(line);
  if (line.job == "costs") return tell_costs(line);
  const JobFile job = load_job(line.job);
  if (line.help) return print_job_help(job);
  if (line.job == kChannelJob) return run_on_air(job, line);
  const bool many = line.values.contains("languages") && !job.find("languages");
  if (many && !(line.stop_at.empty() && line.from.empty()))
    throw Error(Fault::settings, "keyframes are looked at one film at a time",
                "Give language and a name of its own, such as language=zh out=film.zh.mp4.");
  if (!line.sheet.empty() && !line.batch && !many)
    throw Error(Fault::settings, "--sheet is for many files",
                "Give it to batch, or with languages; keyframes have one anyway.");
  if (line.batch || (many && !line.print)) return run_many(job, line);
  const Values values = job.complete(line.values);
  if (line.print && !TakePlan::is_wanted(job, values)) return print_launch_line(job.render(values));
  add_plugin_folder();
  gst_init(nullptr, nullptr);
  const int status = run_one(job, values, line, report);
  stop_gstreamer();
  return status == kDone && report.left_out() > 0 ? kIncomplete : status;
}

int main(int argc, char** argv) {
  setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 2); // short-lived threads by the thousand would each leave holes behind
  mallopt(M_MMAP_THRESHOLD, 256 * 1024); // pictures go back to the system when they are freed
#endif
  bool json = false;
  for (int i = 1; i < argc; ++i)
    json |= argv[i] == std::string_view("--json");
  const auto report = json ? json_report() : text_report();
  try {
    if (argc > 1 && argv[1] == std::string_view("ctl"))
      return run_ctl({argv + 2, argv + argc}) ? kDone : kFailed;
    const CommandLine line = read_command_line(argc, argv);
    if (line.version) {
      std::printf("aigc %s\n", AIGC_VERSION);
      return kDone;
    }
    if (line.list) return list_jobs();
    if (line.job.empty() && line.values.empty()) {
      std::fputs(help_text(), line.help ? stdout : stderr);
      return line.help ? kDone : kUsage;
    }
    return run(line, *report);
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) return kInterrupted;
    report->error({.message = error.what(), .remedy = error.remedy});
    return error.fault == Fault::settings ? kUsage : kFailed;
  } catch (const std::exception& error) {
    report->error(
        {.message = error.what(), .remedy = "This is a fault of aigc; please report it."});
    return kFailed;
  }
}

} // namespace
} // namespace aigc::runner

int main(int argc, char** argv) {
  const int status = aigc::runner::main(argc, argv);
  if (!aigc::runner::has_left_pipelines()) return status;
  std::fflush(nullptr);
  _exit(status);
}
