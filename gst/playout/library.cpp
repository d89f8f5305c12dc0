// SPDX-License-Identifier: LGPL-2.1-or-later
// See library.h.
#include "playout/library.h"

#include <algorithm>
#include <vector>

namespace aigc {

Library::Library(Reair how, GstClockTime min_gap, std::uint64_t seed)
    : how_(how), min_gap_(min_gap), random_(seed) {}

void Library::aired(const PlayoutItem& item, GstClockTime end) {
  if (how_ == Reair::none || std::find(barred_.begin(), barred_.end(), item.uri) != barred_.end())
    return;
  Aired clip{item, {}, end, turn_};
  clip.item.tier = Tier::reair;
  const auto known = std::find_if(clips_.begin(), clips_.end(),
                                  [&](const Aired& other) { return other.item.uri == item.uri; });
  if (known != clips_.end()) {
    clip.others = std::move(known->others);
    if (std::exchange(clip.item.id, known->item.id) != known->item.id)
      clip.others.push_back(item.id);
    if (clip.others.size() > kMaxIds) clip.others.pop_front();
    clip.end = std::max(end, known->end);
    clips_.erase(known);
  }
  keep(std::move(clip));
  if (clips_.size() > kMaxClips) clips_.pop_front();
}

void Library::keep(Aired clip) {
  const auto place =
      std::upper_bound(clips_.begin(), clips_.end(), clip.end,
                       [](GstClockTime end, const Aired& other) { return end < other.end; });
  clips_.insert(place, std::move(clip));
}

std::optional<PlayoutItem> Library::pick(GstClockTime at) {
  const auto rested = std::find_if(clips_.begin(), clips_.end(), [&](const Aired& clip) {
    return clip.end > at || at - clip.end < min_gap_;
  });
  if (rested == clips_.begin()) return std::nullopt;
  const auto chosen = how_ == Reair::shuffle ? choose(rested) : clips_.begin();
  Aired clip = std::move(*chosen);
  clips_.erase(chosen);
  clip.end = at;
  clip.turn = turn_;
  const PlayoutItem item = clip.item;
  keep(std::move(clip));
  return item;
}

/// Any of those before `rested` that were not on air in this turn; a new turn once there is none.
Library::Clips::iterator Library::choose(Clips::iterator rested) {
  std::vector<Clips::iterator> waiting;
  for (auto clip = clips_.begin(); clip != rested; ++clip)
    if (clip->turn < turn_) waiting.push_back(clip);
  if (waiting.empty()) {
    ++turn_;
    // The one that was on air last of all does not open the next turn.
    const auto last = std::prev(clips_.end());
    for (auto clip = clips_.begin(); clip != rested; ++clip)
      if (clip != last || clips_.size() == 1) waiting.push_back(clip);
    if (waiting.empty()) waiting.push_back(clips_.begin());
  }
  return waiting[random_() % waiting.size()];
}

std::string Library::uri_of(const std::string& id) const {
  for (const Aired& clip : clips_)
    if (clip.item.id == id ||
        std::find(clip.others.begin(), clip.others.end(), id) != clip.others.end())
      return clip.item.uri;
  return {};
}

void Library::forget(const std::string& uri) {
  std::erase_if(clips_, [&](const Aired& clip) { return clip.item.uri == uri; });
}

void Library::bar(const std::string& uri) {
  forget(uri);
  std::erase(barred_, uri);
  barred_.push_back(uri);
  if (barred_.size() > kMaxBarred) barred_.pop_front();
}

} // namespace aigc
