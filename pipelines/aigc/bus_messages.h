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

/// Lets a thread that calls an element know what that warned of meanwhile.
void keep_warnings(GstBus* bus);
/// The last warning that was posted on this thread, once; an empty message for none.
Problem take_warning();

} // namespace aigc::runner
