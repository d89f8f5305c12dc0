// SPDX-License-Identifier: LGPL-2.1-or-later
// See hls_access_unit.h.
#include "playout/hls_access_unit.h"

#include <algorithm>
#include <array>

namespace aigc {

bool is_random_access(std::span<const guint8> unit, bool is_h265) {
  constexpr std::array<guint8, 3> start{0, 0, 1};
  for (auto at = unit.begin();;) {
    at = std::search(at, unit.end(), start.begin(), start.end());
    if (unit.end() - at < 4) return false;
    at += 3;
    // The first slice tells.
    if (is_h265) {
      const int type = *at >> 1 & 63;
      if (type < 32) return type >= 16 && type <= 21;
    } else {
      const int type = *at & 31;
      if (type >= 1 && type <= 5) return type == 5;
    }
  }
}

} // namespace aigc
