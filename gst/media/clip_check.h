// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the pictures of a clip can be decoded, without decoding all of a long one.
#pragma once

#include "media/probe.h"

namespace aigc {

/// Decodes the first and the last group of pictures, in software. Throws Error{Fault::damaged} when
/// they cannot be decoded, or too many pictures or much of its length are missing, missing_plugin,
/// cancelled.
void check_clip_decodes(const ClipInfo& clip, Cancel& cancel);

} // namespace aigc
