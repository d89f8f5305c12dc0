// SPDX-License-Identifier: LGPL-2.1-or-later
// See look.h.
#include "look.h"

#include <algorithm>
#include <cmath>

namespace aigc {

LookPoint point_of(const Look& look) {
  return {std::log(look.gain), std::log(look.gamma), std::log(look.saturation), look.turn};
}

Look look_at(const LookPoint& point) {
  const auto within = [&](size_t i) {
    return std::clamp(point[i], -kLookLimits[i], kLookLimits[i]);
  };
  return {std::exp(within(0)), std::exp(within(1)), std::exp(within(2)), within(3)};
}

} // namespace aigc
