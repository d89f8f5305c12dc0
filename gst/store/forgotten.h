// SPDX-License-Identifier: LGPL-2.1-or-later
// Paid calls that nobody has asked after for so long that no service knows them any more.
#pragma once

#include "base/cancel.h"
#include "store/results.h"

namespace aigc {

/// Services keep tasks and results for a day.
inline constexpr gint64 kForgottenMs = 7 * 86'400'000;
inline constexpr size_t kMostForgotten = 500; ///< are closed at once

/// Takes the calls of kForgottenMs ago out of the journal, and puts them into the ledger as unclear
/// unless it has them: those of shots that were cancelled and not wanted again. What somebody works
/// on stays. At most once a day for each store, kMostForgotten of them; ends soon after `cancel`.
void close_forgotten(const ResultStore& store, const Cancel& cancel);

} // namespace aigc
