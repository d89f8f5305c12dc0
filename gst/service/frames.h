// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's length as video models count it.
#pragma once

#include <algorithm>
#include <cmath>

#include <glib.h>

namespace aigc {

/// The fewest frames of the form 4n + 1 that last for `seconds`, at `rate` of them a second.
inline gint64 frames_for(double seconds, double rate) {
  const double wanted = std::ceil(seconds * rate - 1e-6);
  return 4 * static_cast<gint64>(std::ceil(std::max(wanted - 1, 0.0) / 4)) + 1;
}

} // namespace aigc
