// SPDX-License-Identifier: LGPL-2.1-or-later
// What can come into a stage: by the links before anything flows, and by the run's own limits.
#pragma once

#include "stage/kind.h"

namespace aigc {

/// What the elements in front of `sink`, which may be null, can send by their caps. Those that do
/// not say can send anything.
Arrivals arrivals_at(GstPad* sink);

/// Those of `caps` that `run` can work on.
Ref<GstCaps> what_run_takes(const StageRun& run, GstCaps* caps);

} // namespace aigc
