// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of the `filler` property, one after another for ever.
#pragma once

#include "playout/item.h"

#include <optional>
#include <string>
#include <vector>

namespace aigc {

/// Not thread-safe: its owner's lock guards it.
class Fillers {
 public:
  Fillers() = default;
  /// `where`: empty, a file, a file:// URI, or a folder, whose files with the ending of a clip are
  /// taken in the order of their names. Reads the folder: not in a state change. Throws
  /// Error{Fault::not_found, settings}.
  explicit Fillers(const std::string& where);

  /// The next file, with its tier; none when there is none that plays.
  std::optional<PlayoutItem> next();
  /// A file that cannot be played: it is left out from now on.
  void forget(const std::string& uri);
  size_t size() const { return uris_.size(); }

 private:
  std::vector<std::string> uris_;
  size_t next_ = 0;
};

} // namespace aigc
