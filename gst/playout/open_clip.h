// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip that is open and decoded ahead, so that it can be on air at the very next slot.
#pragma once

#include "media/clip_reader.h"
#include "playout/item.h"

#include <array>
#include <memory>

namespace aigc {

/// The two sides of the channel, each with a task of its own.
enum class Side { video, audio };
inline constexpr std::array kSides{Side::video, Side::audio};

using Readers = std::array<std::unique_ptr<ClipReader>, 2>; ///< by Side; null where there is none

struct OpenClip {
  std::shared_ptr<const PlayoutItem> item;
  guint64 frames = 0; ///< slots it fills
  Readers readers;
};

} // namespace aigc
