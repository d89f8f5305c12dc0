// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of a shot to any server that paints or films.
#pragma once

#include "service/backend.h"

#include <string>

namespace aigc {

/// The words of a picture, or of a clip: a keyframe shows what there is, so what is left to say is
/// how it moves.
std::string prompt_of(const Request& request);

/// A stranger's id or name as one piece of a URL.
std::string escaped(const std::string& text);

} // namespace aigc
