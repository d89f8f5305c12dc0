// SPDX-License-Identifier: LGPL-2.1-or-later
// What a batch tells while it goes on: to people one line of progress, to programs events.
#pragma once

#include "batch_report.h"
#include "plan.h"
#include "report.h"

#include <chrono>
#include <memory>

namespace aigc::runner {

struct BatchCounts {
  size_t to_make = 0, made = 0, failed = 0, running = 0;
  double row_seconds = 0; ///< of all that are made

  /// Seconds until all is made when `jobs` work at once; below 0 while nobody can say.
  double time_left(size_t jobs) const;
  /// "37/200 made, 2 failed, 5 running, 0:42 left"
  std::string text(size_t jobs) const;
};

/// Thread-safe but for progress(), which belongs to one thread.
class BatchDisplay {
 public:
  virtual ~BatchDisplay() = default;

  /// `results`: what is known before anything starts; `counts`: what there is to do.
  virtual void start(const BatchReport& report, const BatchCounts& counts) = 0;
  /// The report of one run.
  virtual std::unique_ptr<Report> row_report(const BatchItem& item) = 0;
  virtual void row_done(const BatchResult& result) = 0;
  /// To be called a few times a second.
  virtual void progress(const BatchCounts& counts, size_t jobs) = 0;
  virtual void interrupt() = 0;
  /// Of a dry run, instead of start() and finish().
  virtual void plan(const PlanSum& sum) = 0;
  virtual void finish(const BatchReport& report) = 0;
};

std::unique_ptr<BatchDisplay> text_display();
std::unique_ptr<BatchDisplay> json_display();

} // namespace aigc::runner
