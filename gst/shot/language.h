// SPDX-License-Identifier: LGPL-2.1-or-later
// Languages as people name them in lists and on the command line, and what tells shots apart that
// are there once for each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aigc {

/// A code as BCP 47 has it, such as zh, pt-BR or zh-Hant.
bool is_language(std::string_view word);

/// What to write in the place of what is no language, for messages.
std::string language_remedy(std::string_view word);

/// "zh,en, ja" as a list. Throws Error{Fault::settings} for what is no language, one that is there
/// twice, and an empty list.
std::vector<std::string> read_languages(std::string_view text);

/// What the id of a shot ends in, ".zh~2": where it is there in several languages that one, and
/// from the second turn of a loop on its number.
std::string run_of(std::string_view language, unsigned turn);

/// Whether an id could be that of a shot in a later turn of a loop.
bool ends_as_in_turn(std::string_view id);

} // namespace aigc
