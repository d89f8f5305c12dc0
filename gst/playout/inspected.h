// SPDX-License-Identifier: LGPL-2.1-or-later
// What was found in clips that come again: a list that loops, a library. To inspect a clip costs
// more than to play it.
#pragma once

#include "base/guarded.h"
#include "playout/inspection.h"

#include <deque>

namespace aigc {

class Inspected {
 public:
  /// Knows `most` clips; the one that was asked for longest ago goes first.
  explicit Inspected(size_t most = 1000) : most_(most) {}

  /// As inspect_clip(), which a file that is still the one it was goes through once. One that was
  /// found damaged is looked at again: perhaps its storage was.
  Inspection inspect(const std::string& uri, Cancel& cancel);

 private:
  /// What no file has that was written, moved or put in place of another.
  struct State {
    guint64 device, inode;
    gint64 size, modified, changed; ///< in ns
    bool operator==(const State&) const = default;
  };
  struct Known {
    Inspection found; ///< its clip's URI is the key
    State file;
  };
  static std::optional<State> state_of(const std::string& uri);
  std::optional<Inspection> find(const std::string& uri, const State& file);
  void keep(Known known);

  const size_t most_;
  Guarded<std::deque<Known>> known_; ///< the one asked for longest ago first
};

} // namespace aigc
