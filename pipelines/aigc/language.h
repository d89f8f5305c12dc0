// SPDX-License-Identifier: LGPL-2.1-or-later
// Languages as people name them in lists and on the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aigc::runner {

/// "zh,en, ja" as a list. Throws Error{Fault::settings} for what is no language (BCP 47), one that
/// is there twice, and an empty list.
std::vector<std::string> read_languages(std::string_view text);

bool is_language(std::string_view word);

} // namespace aigc::runner
