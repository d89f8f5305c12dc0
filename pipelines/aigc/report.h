// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run tells: while it goes on, and at its end. One report for people, one for programs.
#pragma once

#include "brand_check.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gst/gst.h>

namespace aigc::runner {

struct PlanSum;

/// A step of one shot, from a PROGRESS message with code STAGE:ID.
struct Step {
  std::string stage;
  std::string id;
  GstProgressType type = GST_PROGRESS_TYPE_START;
  int percent = -1; ///< -1 = not known
  std::string text;
};

/// An error or a warning.
struct Problem {
  std::string element; ///< empty when no element spoke
  std::string message;
  std::string remedy;
};

/// The file a run has made.
struct Made {
  std::string path;
  std::uint64_t bytes = 0;
  double seconds = 0; ///< 0 = a picture
  int width = 0;
  int height = 0;
};

/// The shots of one stage so far.
struct StageTally {
  std::string stage;
  int running = 0, done = 0, failed = 0, cached = 0;
  double percent = -1;                ///< of the shot that spoke last
  double begun = 0, ended = 0;        ///< seconds since the start of the run
  std::map<std::string, double> cost; ///< by currency
};

class Report {
 public:
  virtual ~Report() = default;

  void start(const std::string& job, const std::string& out);
  void step(const Step& step);
  /// An element message named aigc/...
  void element_message(const std::string& element, const GstStructure* structure);
  /// The same text is told once.
  void warning(const Problem& problem);
  void interrupt() { show_interrupt(); }
  /// What a dry run has found out.
  void plan(const PlanSum& sum) { show_plan(sum); }
  void error(const Problem& problem);
  /// What the finished picture or film measures.
  void figures(const BrandFigures& figures);
  /// The run has ended: with a whole file, or without one, as when there was nothing to keep yet.
  void finish(const Made* made, bool interrupted);

  std::map<std::string, double> cost() const; ///< by currency
  int cached() const;
  /// How many shots failed and are missing in what is made.
  int left_out() const { return left_out_; }
  double elapsed() const;
  /// The error told first; null while there is none.
  const Problem* first_error() const { return error_ ? &*error_ : nullptr; }
  /// Empty when nothing was measured.
  const std::optional<BrandFigures>& brand_figures() const { return figures_; }

 protected:
  const std::vector<StageTally>& stages() const { return stages_; }

  virtual void show_start(const std::string& job, const std::string& out) = 0;
  virtual void show_step(const Step& step, const StageTally& tally) = 0;
  virtual void show_element_message(const std::string& element, const GstStructure* structure) = 0;
  virtual void show_warning(const Problem& problem) = 0;
  virtual void show_interrupt() = 0;
  virtual void show_plan(const PlanSum& sum) = 0;
  virtual void show_error(const Problem& problem) = 0;
  virtual void show_figures(const BrandFigures& figures) = 0;
  virtual void show_finish(const Made* made, bool interrupted) = 0;

 private:
  StageTally& stage(const std::string& name);

  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::vector<StageTally> stages_;
  std::set<std::pair<std::string, std::string>> running_; ///< stage, shot
  std::set<std::string> warned_;
  std::optional<Problem> error_;
  std::optional<BrandFigures> figures_;
  int left_out_ = 0;
};

/// Progress, warnings and errors on standard error, the result on standard output.
std::unique_ptr<Report> text_report();
/// One JSON object a line on standard output, with the number of the row when it is one of many.
std::unique_ptr<Report> json_report(std::optional<size_t> row = {});

} // namespace aigc::runner
