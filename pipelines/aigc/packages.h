// SPDX-License-Identifier: LGPL-2.1-or-later
// Where elements come from, for the message that one is missing.
#pragma once

#include <string>
#include <vector>

namespace aigc::runner {

/// One sentence that says how to get the element.
std::string package_hint(const std::string& factory);

/// All elements the jobs use.
std::vector<std::string> known_elements();

} // namespace aigc::runner
