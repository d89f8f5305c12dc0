// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_plan.h.
#include "batch_plan.h"

#include "batch_pool.h"

#include <cstdio>
#include <unistd.h>

namespace aigc::runner {
namespace {

/// Nothing is made, so there is no progress to tell.
class PlanDisplay final : public BatchDisplay {
 public:
  explicit PlanDisplay(BatchDisplay& outer) : outer_(outer) {}

  void start(const BatchReport&, const BatchCounts&) override {}
  std::unique_ptr<Report> row_report(const BatchItem& item) override {
    return outer_.row_report(item);
  }
  void row_done(const BatchResult& result) override {
    if (result.state == RowState::failed) outer_.row_done(result);
  }
  void progress(const BatchCounts&, size_t) override {}
  void interrupt() override { outer_.interrupt(); }
  void plan(const PlanSum& sum) override { outer_.plan(sum); }
  void finish(const BatchReport&) override {}

 private:
  BatchDisplay& outer_;
};

} // namespace

BatchPlan plan_rows(std::vector<BatchResult>& results, size_t jobs, const PlanItem& plan,
                    BatchDisplay& display) {
  PlanDisplay quiet(display);
  for (const auto& result : results)
    quiet.row_done(result);
  Guarded<std::map<std::string, Plan>> plans; // by file
  Interrupt interrupt;
  const auto make = [&](const BatchItem& item, const LaunchOptions& options) {
    BatchResult result{.item = item, .state = RowState::running};
    try {
      const auto report = quiet.row_report(item);
      auto planned = plan(item, *report, *options.interrupt);
      if (planned) result.state = RowState::made;
      if (planned) plans.lock()->emplace(item.out, std::move(*planned));
    } catch (...) {
      const Error error = caught_error();
      if (error.fault != Fault::cancelled) result.state = RowState::failed;
      result.message = error.what();
      result.remedy = error.remedy;
    }
    return result;
  };
  const SignalWatch signals(interrupt);
  BatchPool pool(results, make, quiet);
  if (!pool.run(jobs, interrupt)) {
    // What hangs still uses all of this.
    std::fflush(nullptr);
    _exit(130);
  }
  BatchPlan all{.interrupted = interrupt.finish.cancelled()};
  std::vector<Plan> in_order;
  size_t skipped = 0;
  for (const auto& result : results) {
    skipped += result.state == RowState::skipped;
    all.failed += result.state == RowState::failed;
    if (result.state != RowState::made) continue;
    in_order.push_back(plans.lock()->at(result.item.out));
  }
  all.sum = sum_plans(in_order, jobs);
  all.sum.skipped = skipped;
  return all;
}

} // namespace aigc::runner
