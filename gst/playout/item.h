// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes on air: a clip with what is known of it.
#pragma once

#include "base/ref.h"
#include "media/grid.h"
#include "media/probe.h"
#include "shot/shot.h"

namespace aigc {

/// The filler ladder, best rung first; every grid slot is filled by exactly one.
enum class Tier {
  item,   ///< a clip of the playlist
  repeat, ///< the last picture stays, the sound fades
  reair,  ///< a clip of the library once more
  filler, ///< a file of the `filler` property
  slate,  ///< the built-in picture, which cannot fail
};

/// "item", "repeat", "reair", "filler", "slate": in messages, stats and the as-run log.
const char* tier_name(Tier tier);

struct PlayoutItem {
  std::string id;         ///< of the shot; the file's name for what brought none
  std::string uri;        ///< of the clip file
  Shot shot;              ///< empty but for the id where the buffer brought none
  Ref<GstBuffer> origin;  ///< the buffer that brought it; null for filler files
  ClipInfo clip;          ///< filled in when it was inspected
  Tier tier = Tier::item; ///< item, reair or filler
};

/// The clip at `uri`, as the buffer that brought it says. Throws as buffer_shot().
PlayoutItem item_of(const std::string& uri, GstBuffer* buffer);

/// The slots it fills: its length, or the shorter one its shot asks for.
guint64 frames_of(const PlayoutItem& item, const Grid& grid);

} // namespace aigc
