// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys that an application hands to a pipeline.
#pragma once

#include "service/factory.h"

#include <gst/gst.h>

namespace aigc {

/// The type of a GstContext with keys: fields named after the services, each a GVariant of type "s"
/// with that service's key.
inline constexpr const char* kCredentialsContext = "aigc.credentials";

/// Those of the element's context; none when it has no context.
KeyRing keys_of_context(GstElement* element);

} // namespace aigc
