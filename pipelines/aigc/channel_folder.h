// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of a channel: what it remembers, and who has it on air.
#pragma once

#include "store/files.h"

#include <string>

namespace aigc::runner {

/// The channel that is meant when nobody says which.
inline constexpr const char* kDefaultChannel = "live";

/// Where a channel is when no other folder is given: below XDG_STATE_HOME. Throws
/// Error{Fault::settings} for a name that is none.
std::string channel_folder(const std::string& name);

/// Of the control socket, in the channel's folder.
std::string control_path(const std::string& folder);

/// On air, for as long as it lives. However the process ends, the next one may have the folder.
class OnAirLock {
 public:
  /// Makes the folder. Throws Error{Fault::settings} when another process has it,
  /// Error{Fault::write}.
  explicit OnAirLock(const std::string& folder);

 private:
  Descriptor file_;
};

} // namespace aigc::runner
