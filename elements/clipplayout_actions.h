// SPDX-License-Identifier: LGPL-2.1-or-later
// The signals of clipplayout: what operators do, and what applications are asked.
#pragma once

#include "playout/desk.h"

namespace aigc {

/// The desk of an element; null while it does not run.
using DeskOf = std::shared_ptr<Desk> (*)(gpointer element);

/// Adds them to the class `type`; returns `clip-ready`.
guint add_clip_playout_signals(GType type, DeskOf desk_of);

} // namespace aigc
