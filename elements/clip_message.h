// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells the bus about a clip that cannot be played.
#pragma once

#include "base/error.h"

#include <string>

#include <gst/gst.h>

namespace aigc {

/// Posts `error` as a message of `type` (ERROR or WARNING) that names element, URI and remedy; the
/// URI is also in the details structure. Call without locks held.
void post_clip_message(GstElement* element, GstMessageType type, const Error& error,
                       const std::string& uri);

} // namespace aigc
