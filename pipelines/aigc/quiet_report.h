// SPDX-License-Identifier: LGPL-2.1-or-later
// For runs that only find something out: what they say goes on to whoever asked.
#pragma once

#include "base/error.h"
#include "report.h"

namespace aigc::runner {

class QuietReport final : public Report {
 public:
  explicit QuietReport(Report& outer) : outer_(outer) {}

  /// Throws the error that ended the run, if one did.
  void raise() const {
    const Problem* problem = first_error();
    if (!problem) return;
    const std::string who = problem->element.empty() ? "" : problem->element + ": ";
    throw Error(Fault::read, who + problem->message, problem->remedy);
  }

 private:
  void show_start(const std::string&, const std::string&) override {}
  void show_step(const Step&, const StageTally&) override {}
  void show_element_message(const std::string&, const GstStructure*) override {}
  void show_warning(const Problem& problem) override { outer_.warning(problem); }
  void show_interrupt() override { outer_.interrupt(); }
  void show_plan(const PlanSum& sum) override { outer_.plan(sum); }
  void show_error(const Problem&) override {}
  void show_figures(const BrandFigures&) override {}
  void show_finish(const Made*, bool) override {}

  Report& outer_;
};

} // namespace aigc::runner
