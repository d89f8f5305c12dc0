// SPDX-License-Identifier: LGPL-2.1-or-later
// See item.h.
#include "playout/item.h"

#include "shot/shot_meta.h"

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

PlayoutItem item_of(const std::string& uri, GstBuffer* buffer) {
  PlayoutItem item;
  item.uri = uri;
  item.origin = share(buffer);
  if (auto shot = buffer_shot(buffer)) {
    item.shot = std::move(*shot);
    item.id = item.shot.id;
  }
  if (item.id.empty()) {
    const std::string path = take_string(g_uri_unescape_string(uri.c_str(), nullptr));
    item.id = take_string(g_path_get_basename(path.empty() ? uri.c_str() : path.c_str()));
  }
  return item;
}

guint64 frames_of(const PlayoutItem& item, const Grid& grid) {
  const auto asked = static_cast<GstClockTime>(item.shot.duration * GST_SECOND);
  return grid.frames_in(asked > 0 ? std::min(asked, item.clip.span) : item.clip.span);
}

} // namespace aigc
