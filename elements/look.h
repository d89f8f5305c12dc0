// SPDX-License-Identifier: LGPL-2.1-or-later
// A look: what sets the colours of one clip apart from those of another, in four numbers.
#pragma once

#include <array>

namespace aigc {

/// Brightness becomes gain * brightness^gamma; colour is made `saturation` times as strong and its
/// hue turned.
struct Look {
  double gain = 1;
  double gamma = 1;
  double saturation = 1;
  double turn = 0; ///< radians in the plane of Cb and Cr

  bool operator==(const Look&) const = default;
};

/// A look as a point: 0 is the look that changes nothing, and half way there is half the change.
using LookPoint = std::array<double, 4>;

/// The widest a look may go, each way. What is farther apart than this is another scene, not drift.
inline constexpr LookPoint kLookLimits = {0.7, 0.5, 0.9, 0.8};

LookPoint point_of(const Look& look);
/// The look at a point, within the limits.
Look look_at(const LookPoint& point);

} // namespace aigc
