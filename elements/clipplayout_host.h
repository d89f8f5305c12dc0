// SPDX-License-Identifier: LGPL-2.1-or-later
// How the desk of clipplayout reaches the bus, upstream and the application.
#pragma once

#include "playout/desk.h"

namespace aigc {

/// @param sink the pad behind which upstream is
/// @param clip_ready id of the signal that asks the application
DeskHost host_for(GstElement* element, GstPad* sink, guint clip_ready);

} // namespace aigc
