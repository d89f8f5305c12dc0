// SPDX-License-Identifier: LGPL-2.1-or-later
// See footage.h.
#include "service/openai/footage.h"

#include "service/frames.h"

namespace aigc::openai {

int frames_of(const Request& request) {
  return static_cast<int>(frames_for(request.seconds, kFps));
}

} // namespace aigc::openai
