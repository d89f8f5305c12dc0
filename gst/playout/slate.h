// SPDX-License-Identifier: LGPL-2.1-or-later
// The picture that is shown when there is nothing else: made in the process, so it cannot fail to
// be found.
#pragma once

#include "base/ref.h"

#include <string>

#include <gst/video/video.h>

namespace aigc {

/// A frame of the format of `info`, with `text` on a calm ground; the text is made small enough to
/// fit, and may have several lines. Where even the font fails the ground alone is left.
/// Throws Error{Fault::negotiation} for a format that cannot be drawn in.
Ref<GstBuffer> paint_slate(const GstVideoInfo& info, const std::string& text);

} // namespace aigc
