// SPDX-License-Identifier: LGPL-2.1-or-later
// Which clips belong together, and what the first of each group looked like.
#pragma once

#include "look_colours.h"
#include "shot/shot.h"

#include <list>
#include <optional>
#include <string>

namespace aigc {

/// The group a shot's colours are held in; empty for a shot that is alone.
std::string look_group_of(const Shot& shot);

class LookGroups {
 public:
  /// What the first clip of the group looked like; nothing when `clip` is the first, which is then
  /// remembered with `colours`.
  std::optional<PictureColours> model(const std::string& group, const std::string& clip,
                                      const PictureColours& colours);

 private:
  struct Group {
    std::string name;
    std::string first; ///< the clip
    PictureColours colours;
  };
  std::list<Group> groups_; ///< last used first
};

} // namespace aigc
