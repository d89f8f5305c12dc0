// SPDX-License-Identifier: LGPL-2.1-or-later
// A dry run of a batch.
#pragma once

#include "batch_display.h"
#include "plan.h"

namespace aigc::runner {

/// Runs one item dry; nothing when it was interrupted. Throws Error.
using PlanItem =
    std::function<std::optional<Plan>(const BatchItem&, Report& report, Interrupt& interrupt)>;

struct BatchPlan {
  PlanSum sum;
  size_t failed = 0;
  bool interrupted = false;
};

/// Of all `results` that are waiting, in their order; those that fail are told to the display.
/// Does not return when something hangs though it was interrupted: then it ends the process.
BatchPlan plan_rows(std::vector<BatchResult>& results, size_t jobs, const PlanItem& plan,
                    BatchDisplay& display);

} // namespace aigc::runner
