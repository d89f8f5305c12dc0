// SPDX-License-Identifier: LGPL-2.1-or-later
// A linear fade-out over raw audio.
#pragma once

#include "base/ref.h"

#include <gst/audio/audio.h>

namespace aigc {

/// Whether fade_out() can work on such samples.
bool can_fade(const GstAudioInfo& info);

/// Scales the samples of `buffer`, the first of which plays at `start`, so that they are whole at
/// `end - fade` and silent from `end` on.
Ref<GstBuffer> fade_out(Ref<GstBuffer> buffer, const GstAudioInfo& info, GstClockTime start,
                        GstClockTime end, GstClockTime fade);

} // namespace aigc
