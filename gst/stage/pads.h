// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands behind a source pad.
#pragma once

#include "base/ref.h"

namespace aigc {

/// Whether something takes what `src` pushes, looking through the ghost pads of bins.
bool is_linked_through(GstPad* src);

/// The custom downstream event that passes a user's EOS on: begin nothing new, end soon.
inline constexpr const char* kFinishEvent = "aigc-finish";

/// Pushes kFinishEvent from `src`, a pad of `element`, on a thread of its own.
void push_finish(GstElement* element, GstPad* src);

} // namespace aigc
