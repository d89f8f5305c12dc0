// SPDX-License-Identifier: LGPL-2.1-or-later
// What a description must keep of the user's words, letter for letter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aigc {

/// Quoted passages (without their quotes), numbers, and names in scripts that have capitals: words
/// with a capital, in runs, and any Latin word within Chinese, Japanese or Korean. In the order
/// they stand, each once.
std::vector<std::string> own_words(std::string_view script);

/// The description, with what it lost of own_words() put back: the script in front when both are of
/// one kind of writing, else the missing pieces behind. At most kMaxTextBytes, cut from the end of
/// the description.
std::string keep_own_words(const std::string& script, const std::string& description);

} // namespace aigc
