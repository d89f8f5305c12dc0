// SPDX-License-Identifier: LGPL-2.1-or-later
// See look_groups.h.
#include "look_groups.h"

#include <algorithm>

namespace aigc {

namespace {

/// A channel that runs for months forgets the groups it has long not shown; 1.3 KiB each.
constexpr size_t kMostGroups = 1000;

} // namespace

std::string look_group_of(const Shot& shot) {
  if (!shot.look_group.empty()) return "look-group " + shot.look_group;
  return shot.chain.empty() ? "" : "chain " + shot.chain;
}

std::optional<PictureColours> LookGroups::model(const std::string& group, const std::string& clip,
                                                const PictureColours& colours) {
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const Group& one) { return one.name == group; });
  if (found == groups_.end()) {
    groups_.push_front({group, clip, colours});
    if (groups_.size() > kMostGroups) groups_.pop_back();
    return {};
  }
  groups_.splice(groups_.begin(), groups_, found);
  if (found->first == clip) return {};
  return found->colours;
}

} // namespace aigc
