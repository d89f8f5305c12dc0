// SPDX-License-Identifier: LGPL-2.1-or-later
// See item.h.
#include "playout/item.h"

namespace aigc {

const char* tier_name(Tier tier) {
  switch (tier) {
  case Tier::item:
    return "item";
  case Tier::repeat:
    return "repeat";
  case Tier::reair:
    return "reair";
  case Tier::filler:
    return "filler";
  case Tier::slate:
    break;
  }
  return "slate";
}

guint64 frames_of(const PlayoutItem& item, const Grid& grid) {
  const auto asked = static_cast<GstClockTime>(item.shot.duration * GST_SECOND);
  return grid.frames_in(asked > 0 ? std::min(asked, item.clip.span) : item.clip.span);
}

} // namespace aigc
