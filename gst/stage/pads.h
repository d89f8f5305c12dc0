// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands behind a source pad.
#pragma once

#include "base/ref.h"

namespace aigc {

/// Whether something takes what `src` pushes, looking through the ghost pads of bins.
bool is_linked_through(GstPad* src);

} // namespace aigc
