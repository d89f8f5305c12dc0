// SPDX-License-Identifier: LGPL-2.1-or-later
// The picture a clip ends on, for the clip that goes on from there.
#pragma once

#include "base/ref.h"
#include "media/probe.h"

namespace aigc {

/// The last picture shown of a clip of which `seconds` are shown, 0 = all, as PNG: upright, square
/// pixels, the same bytes each time. Decodes from the last picture on that needs no other. Throws
/// Error{Fault::damaged, format, missing_plugin, timeout, cancelled}.
Ref<GBytes> last_frame_of(const ClipInfo& clip, double seconds, Cancel& cancel);

} // namespace aigc
