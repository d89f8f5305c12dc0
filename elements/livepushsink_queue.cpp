// SPDX-License-Identifier: LGPL-2.1-or-later
// See livepushsink_queue.h.
#include "livepushsink_queue.h"

#include <algorithm>

namespace aigc {

void PushQueue::begin(bool has_video) {
  dropped_ += lanes_[PushMedia::video].size();
  for (const PushMedia media : kPushMedia)
    lanes_[media].clear();
  has_video_ = waits_ = wants_key_ = has_video;
}

void PushQueue::add(PushMedia media, PushUnit unit, guint64 longest) {
  if (waits_ && media == PushMedia::video && unit.is_key) waits_ = false;
  if (waits_) {
    if (media == PushMedia::video) lose_picture();
    return;
  }
  lanes_[media].push_back(std::move(unit));
  while (span() > longest)
    shorten();
}

guint64 PushQueue::span() const {
  GstClockTimeDiff first = G_MAXINT64, last = G_MININT64;
  for (const PushMedia media : kPushMedia) {
    if (lanes_[media].empty()) continue;
    first = std::min(first, lanes_[media].front().dts);
    last = std::max(last, lanes_[media].back().dts);
  }
  return last > first ? static_cast<guint64>(last - first) : 0;
}

/// Drops up to the next key frame, and the sound before it.
void PushQueue::shorten() {
  auto& pictures = lanes_[PushMedia::video];
  auto& sound = lanes_[PushMedia::audio];
  if (!has_video_) {
    sound.pop_front();
    return;
  }
  const auto is_key = [](const PushUnit& unit) { return unit.is_key; };
  const auto from = pictures.empty() ? pictures.end() : pictures.begin() + 1;
  const auto key = std::find_if(from, pictures.end(), is_key);
  dropped_ += static_cast<guint64>(key - pictures.begin());
  pictures.erase(pictures.begin(), key);
  if (pictures.empty()) {
    sound.clear();
    waits_ = wants_key_ = true;
    return;
  }
  const GstClockTimeDiff begin = pictures.front().dts;
  const auto late = std::find_if(sound.begin(), sound.end(),
                                 [&](const PushUnit& unit) { return unit.dts >= begin; });
  sound.erase(sound.begin(), late);
}

std::optional<PushUnit> PushQueue::next(PushMedia media) {
  auto& lane = lanes_[media];
  if (lane.empty()) return std::nullopt;
  PushUnit unit = std::move(lane.front());
  lane.pop_front();
  return unit;
}

} // namespace aigc
