// SPDX-License-Identifier: LGPL-2.1-or-later
// Quoting for the two readers of a job's text: the parser of gst-launch-1.0 and the shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aigc::runner {

/// `text` as one quoted value of gst_parse_launch(): it can neither end early nor add elements.
std::string launch_quote(std::string_view text);

/// `text` as one word of a POSIX shell.
std::string shell_quote(std::string_view text);

/// The words of a launch line: split at white space outside double quotes.
std::vector<std::string> launch_words(std::string_view line);

} // namespace aigc::runner
