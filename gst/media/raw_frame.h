// SPDX-License-Identifier: LGPL-2.1-or-later
// A raw video frame of any format as a Raster.
#pragma once

#include "base/ref.h"
#include "media/picture.h"

namespace aigc {

/// Throws Error{Fault::format} when `caps` do not describe `buffer`.
Raster raster_of_frame(GstBuffer* buffer, GstCaps* caps);

} // namespace aigc
