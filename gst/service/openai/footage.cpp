// SPDX-License-Identifier: LGPL-2.1-or-later
// See footage.h.
#include "service/openai/footage.h"

#include <algorithm>
#include <cmath>

namespace aigc::openai {

int frames_of(const Request& request) {
  const double wanted = std::ceil(request.seconds * kFps - 1e-6);
  return 4 * static_cast<int>(std::ceil(std::max(wanted - 1, 0.0) / 4)) + 1;
}

} // namespace aigc::openai
