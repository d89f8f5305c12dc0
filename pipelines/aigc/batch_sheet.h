// SPDX-License-Identifier: LGPL-2.1-or-later
// The contact sheet of a batch.
#pragma once

#include "batch_report.h"
#include "sheet.h"

namespace aigc::runner {

/// What was made or was there already, and why the rest is not. Throws Error{Fault::write}.
void write_batch_sheet(const SheetFiles& files, const BatchReport& report, BatchRows& rows);

} // namespace aigc::runner
