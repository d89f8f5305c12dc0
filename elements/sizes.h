// SPDX-License-Identifier: LGPL-2.1-or-later
// The size properties of the picture and clip stages.
#pragma once

#include "base/error.h"
#include "service/model.h"
#include "shot/shot.h"

namespace aigc {

/// Throws Error{Fault::settings} for a side that is neither 0 nor possible.
inline void check_side(const char* name, guint side) {
  if (side == 0 || (side >= guint{kMinSide} && side <= guint{kMaxSide})) return;
  throw Error(Fault::settings, std::string(name) + " is " + std::to_string(side),
              "give " + std::to_string(kMinSide) + " to " + std::to_string(kMaxSide) +
                  ", or 0 for the model's own");
}

/// Checks `width`, `height` and `aspect` of `settings`. Throws Error{Fault::settings}.
template <typename S> void check_sizes(const S& settings) {
  check_side("width", settings.width);
  check_side("height", settings.height);
  if (!settings.aspect.empty()) parse_aspect(settings.aspect);
}

/// What was asked for: the element's own sides, else the shot's; 0 where nobody said.
template <typename S> Size asked_size(const S& settings, const Shot& shot) {
  if (settings.width || settings.height)
    return {static_cast<int>(settings.width), static_cast<int>(settings.height)};
  return {static_cast<int>(shot.width), static_cast<int>(shot.height)};
}

template <typename S> double aspect_of(const S& settings) {
  return settings.aspect.empty() ? 0 : parse_aspect(settings.aspect);
}

} // namespace aigc
