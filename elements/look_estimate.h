// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the look that brings the colours of one clip to those of another, of a different scene.
#pragma once

#include "look.h"
#include "look_colours.h"

namespace aigc {

/// What to do to `clip` so that it looks like `model`. Throws Error{Fault::format}.
Look estimate_look(const PictureColours& clip, const PictureColours& model);

} // namespace aigc
