// SPDX-License-Identifier: LGPL-2.1-or-later
// What elements say on the bus, in the words of a report.
#pragma once

#include "report.h"

#include <optional>

namespace aigc::runner {

/// The element's factory, which says more than its number; else its own name.
std::string speaker(GstObject* object);

/// An ERROR or a WARNING.
Problem read_problem(GstMessage* message);

/// A PROGRESS; none for one that is not ours.
std::optional<Step> read_step(GstMessage* message);

} // namespace aigc::runner
