// SPDX-License-Identifier: LGPL-2.1-or-later
// A channel's answers for people.
#pragma once

#include "base/json.h"

#include <string>

namespace aigc::runner {

/// What to print for the answer to `command`; nothing where there is nothing to say.
std::string ctl_text(const std::string& command, const JsonView& answer);

} // namespace aigc::runner
