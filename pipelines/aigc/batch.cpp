// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch.h.
#include "batch.h"

#include "base/error.h"
#include "batch_plan.h"
#include "batch_pool.h"
#include "batch_record.h"
#include "batch_report.h"
#include "batch_rows.h"
#include "batch_shard.h"
#include "batch_sheet.h"
#include "output_file.h"
#include "preview_gate.h"
#include "retake.h"
#include "side_files.h"
#include "store/files.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostJobs = 64;

size_t jobs_of(const CommandLine& line) {
  // Most of the time a row waits for a service or a disk.
  if (line.jobs.empty()) return std::clamp<size_t>(2 * std::thread::hardware_concurrency(), 4, 8);
  size_t jobs = 0;
  const char* end = line.jobs.data() + line.jobs.size();
  const auto [stop, error] = std::from_chars(line.jobs.data(), end, jobs);
  if (error != std::errc() || stop != end || jobs < 1 || jobs > kMostJobs)
    throw Error(Fault::settings, "--jobs=" + line.jobs + ": not a number of rows at once",
                "Give a number from 1 to " + std::to_string(kMostJobs) + ".");
  return jobs;
}

/// In whole milliseconds.
double seconds_since(std::chrono::steady_clock::time_point begun) {
  const auto passed = std::chrono::steady_clock::now() - begun;
  return double(std::chrono::round<std::chrono::milliseconds>(passed).count()) / 1000;
}

/// Takes out of the values what is for the batch.
class Settings {
 public:
  Settings(const JobFile& job, const CommandLine& line) {
    source.path = line.rows;
    source.common = line.values;
    if (!line.max_cost.empty() && !source.common.emplace("max-cost", line.max_cost).second)
      throw Error(Fault::settings, "max-cost is given twice", "Give it once.");
    if (!line.batch) return;
    if (source.common.contains("out") ||
        (job.output() && source.common.contains(job.output()->name)))
      throw Error(Fault::settings, "out is one file, and a batch makes many",
                  "Give out-dir=DIR, or the column out.");
    take_out_dir();
    if (const auto found = source.common.find("on-error");
        found != source.common.end() && found->second == "skip") {
      skip_bad = true;
      const Variable* own = job.find("on-error");
      if (!own || std::find(own->choices.begin(), own->choices.end(), "skip") == own->choices.end())
        source.common.erase(found);
    }
  }

  BatchRows::Source source;
  bool skip_bad = false;

 private:
  void take_out_dir() {
    const auto found = source.common.find("out-dir");
    if (found == source.common.end()) return;
    if (found->second.empty())
      throw Error(Fault::settings, "out-dir=: empty", "Give a folder, or leave it out.");
    source.out_dir = found->second;
    source.common.erase(found);
  }
};

class Batch {
 public:
  Batch(const JobFile& job, const CommandLine& line)
      : job_(job), line_(line), settings_(job, line), jobs_(jobs_of(line)), side_files_(line),
        rows_(job, settings_.source), display_(line.json ? json_display() : text_display()) {
    if (line.batch) report_.shard = find_shard(line.shard, line.shards, g_getenv);
    report_.job = job.name();
    report_.rows = line.rows;
  }

  int run() {
    plan();
    check_folders();
    if (line_.dry_run) return dry_run();
    Interrupt interrupt;
    std::optional<SignalWatch> signals(interrupt); // before there is anything to wind up
    make_folders();
    BatchPool pool(
        results_, [this](const auto& item, const auto& options) { return make(item, options); },
        *display_);
    display_->start(report_, pool.counts());
    for (const auto& result : results_)
      if (result.state == RowState::failed) display_->row_done(result);
    const bool ended = pool.run(jobs_, interrupt);
    report_.interrupted = interrupt.finish.cancelled();
    report_.seconds = seconds_since(begun_);
    display_->finish(report_);
    if (!side_files_.report().empty()) write_file(side_files_.report(), report_.json() + "\n");
    signals.reset(); // no earlier: the report is there however often one asks for the end
    if (side_files_.sheet()) write_batch_sheet(*side_files_.sheet(), report_, rows_);
    const int status = report_.interrupted ? 130 : report_.totals().failed > 0 ? 1 : 0;
    if (!ended || has_left_pipelines()) {
      std::fflush(nullptr);
      _exit(status);
    }
    return status;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Checks every row and finds out what there is to do.
  void plan() {
    const auto use = [this](BatchItem item, const Values& values) {
      side_files_.compare(job_, values);
      if (!report_.shard.has(item.row)) return;
      const auto backend = values.find("backend");
      asks_auto_ |= backend != values.end() && backend->second == "auto";
      BatchResult result{.item = std::move(item)};
      look_for(result, values);
      results_.push_back(std::move(result));
    };
    std::function<void(const BadRow&)> bad;
    if (settings_.skip_bad) bad = [this](const BadRow& row) { add_bad(row); };
    rows_.read(use, bad);
    side_files_.check();
    if (line_.batch && asks_auto_ && !line_.allow_preview) refuse_preview("all");
  }

  void add_bad(const BadRow& row) {
    if (!report_.shard.has(row.row)) return;
    results_.push_back({.item = {.row = row.row, .place = row.place},
                        .state = RowState::failed,
                        .message = row.message,
                        .remedy = row.remedy});
  }

  /// Says what would be called, and makes nothing.
  int dry_run() {
    const auto plan = [this](const BatchItem& item, Report& report, Interrupt& interrupt) {
      std::error_code error;
      if (fs::is_directory(folder_of(item), error)) OutputFile::check(item.out);
      return plan_job(job_, values_of(item, report, interrupt), PlanUntil::end, report, &interrupt);
    };
    const BatchPlan planned = plan_rows(results_, jobs_, plan, *display_);
    const int status = planned.interrupted ? 130 : planned.failed > 0 ? 1 : 0;
    if (!planned.interrupted) display_->plan(planned.sum);
    if (has_left_pipelines()) {
      std::fflush(nullptr);
      _exit(status);
    }
    if (!planned.interrupted) check_max_cost(planned.sum, settings_.source.common);
    return status;
  }

  /// A film keeps to the takes it was given when it was looked at.
  Values with_takes(const Values& values, Report& report, Interrupt* interrupt) const {
    if (values.contains("retake"))
      throw Error(Fault::settings, "retake is for one film, and a batch makes many",
                  "Run aigc " + job_.name() + " for that film.");
    return TakePlan(job_, values, report, interrupt).values();
  }

  Values values_of(const BatchItem& item, Report& report, Interrupt& interrupt) {
    return with_takes(rows_.values(item), report, &interrupt);
  }

  /// Skips what need not be made.
  void look_for(BatchResult& result, Values values) {
    values = with_takes(values, *display_->row_report(result.item), nullptr);
    const auto record = read_record(result.item.out);
    if (line_.retry_failed && !(record && !record->made)) {
      result.state = RowState::skipped;
      result.message = record ? "made before" : "not tried before";
      return;
    }
    std::error_code error;
    if (record && record->made && fs::is_regular_file(result.item.out, error) &&
        fs::file_size(result.item.out, error) > 0 && record->digest == digests_.of(job_, values)) {
      result.state = RowState::skipped;
      result.message = "there already";
    }
  }

  static fs::path folder_of(const BatchItem& item) { return fs::absolute(item.out).parent_path(); }

  /// Before anything is paid for: below out-dir it must be possible to make folders, others must be
  /// there.
  void check_folders() {
    for (const auto& result : results_) {
      if (result.state != RowState::waiting) continue;
      const fs::path folder = folder_of(result.item);
      if (!folders_.insert(folder).second) continue;
      const std::string why = result.item.out + " cannot be written: ";
      std::error_code error;
      fs::path there = folder;
      while (!settings_.source.out_dir.empty() && !fs::exists(there, error) &&
             there.has_relative_path())
        there = there.parent_path();
      if (!fs::is_directory(there, error))
        throw Error(Fault::settings, why + "there is no folder " + there.string(),
                    "Make the folder first, or give out-dir=DIR.");
      if (access(there.c_str(), W_OK | X_OK) != 0)
        throw Error(Fault::settings, why + there.string() + ": " + g_strerror(errno),
                    "Choose a folder you may write to.");
    }
  }

  void make_folders() const {
    if (settings_.source.out_dir.empty()) return;
    for (const auto& folder : folders_)
      make_folder(folder);
  }

  /// Makes one file, on one of several threads.
  BatchResult make(const BatchItem& item, const LaunchOptions& options) {
    const auto begun = Clock::now();
    const auto report = display_->row_report(item);
    BatchResult result{.item = item, .state = RowState::failed};
    BatchRecord record;
    try {
      const Values values = values_of(item, *report, *options.interrupt);
      record.digest = digests_.of(job_, values);
      const JobRun run = run_job(job_, values, *report, options);
      if (run.made) result.state = RowState::made;
      if (run.made && report->left_out() > 0) {
        result.state = RowState::failed;
        result.message =
            "made, but without " + std::to_string(report->left_out()) + " of its shots";
        result.remedy = "Look at the warnings, and run it again.";
      }
      if (run.ending == Ending::interrupted || run.ending == Ending::stopped)
        result.state = RowState::running;
    } catch (...) {
      const Error error = caught_error();
      if (error.fault == Fault::cancelled)
        result.state = RowState::running;
      else
        report->error({.message = error.what(), .remedy = error.remedy});
    }
    if (const Problem* problem = report->first_error();
        problem && result.state == RowState::failed) {
      result.message = (problem->element.empty() ? "" : problem->element + ": ") + problem->message;
      result.remedy = problem->remedy;
    }
    result.cost = report->cost();
    result.cache_hits = report->cached();
    result.figures = report->brand_figures();
    result.seconds = seconds_since(begun);
    keep(result, record);
    return result;
  }

  void keep(BatchResult& result, BatchRecord& record) const {
    if (result.state == RowState::running) return;
    record.made = result.state == RowState::made;
    record.message = result.message;
    record.remedy = result.remedy;
    record.cost = result.cost;
    record.seconds = result.seconds;
    record.cache_hits = result.cache_hits;
    try {
      write_record(result.item.out, record);
    } catch (const Error& error) {
      result.state = RowState::failed;
      result.message = error.what();
      result.remedy = error.remedy;
    }
  }

  const JobFile& job_;
  const CommandLine& line_;
  const Settings settings_;
  const size_t jobs_;
  const Clock::time_point begun_ = Clock::now();
  SideFiles side_files_;
  BatchRows rows_;
  Digests digests_;
  bool asks_auto_ = false;
  std::vector<BatchResult> results_;
  std::set<fs::path> folders_; ///< of what is to be made
  BatchReport report_{.results = results_};
  std::unique_ptr<BatchDisplay> display_;
};

} // namespace

int run_batch(const JobFile& job, const CommandLine& line) {
  if (line.batch && line.rows.empty())
    throw Error(Fault::settings, "batch needs a list of rows",
                "Write aigc batch JOB ROWS.csv; JSON, JSONL and TXT will do too.");
  return Batch(job, line).run();
}

} // namespace aigc::runner
