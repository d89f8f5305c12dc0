// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of aigc ctl as a request to a channel.
#pragma once

#include <string>
#include <vector>

namespace aigc::runner {

struct CtlRequest {
  std::string command;
  std::string line;   ///< for the control socket
  std::string socket; ///< its path
  bool json = false;  ///< the answer is shown as it comes
  bool help = false;
};

/// Throws Error{Fault::settings}.
CtlRequest read_ctl(const std::vector<std::string>& words);

const char* ctl_help();

} // namespace aigc::runner
