// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's length as servers want it that count frames.
#pragma once

#include "service/backend.h"

namespace aigc::openai {

/// Frames a second: Wan's own rate, and what both servers take when nobody says.
inline constexpr int kFps = 16;

/// The fewest frames that last as long as was ordered, and that Wan makes: 4n+1.
int frames_of(const Request& request);

} // namespace aigc::openai
