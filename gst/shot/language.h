// SPDX-License-Identifier: LGPL-2.1-or-later
// Languages as people name them in lists and on the command line, and the ids of shots that are
// there once for each.
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

/// "shot-3.zh": the shot in one of several languages; without a language the id itself.
std::string id_in_language(std::string_view id, std::string_view language);

/// "shot-3~2": the shot in the second turn of a loop; in the first the id itself.
std::string id_in_turn(std::string_view id, unsigned turn);

/// The id without what the two above have added, so that a shot is known again in every language
/// and every turn.
std::string_view base_id(std::string_view id, std::string_view language);

} // namespace aigc
