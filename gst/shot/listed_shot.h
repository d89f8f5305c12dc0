// SPDX-License-Identifier: LGPL-2.1-or-later
// What one row of a shot list says.
#pragma once

#include "shot/rows.h"
#include "shot/shot.h"

#include <map>
#include <string>
#include <vector>

namespace aigc {

struct ListedShot {
  using Words = std::map<std::string, std::string>; ///< by language

  Shot shot;
  Words scripts; ///< of a script that is a map, or of columns such as script:zh
  Words prompts;
};

/// Reads a row, and takes it apart. Fields of text rows are read as what they mean: numbers, and
/// lists with semicolons or as a JSON array. `columns` are those of the list. Throws Error that
/// begins with the field: settings; also for a row without words that has a place for them, or
/// nothing else.
ListedShot listed_shot(const Row& row, const std::vector<std::string>& columns);

/// The shot in `language`, else in its own. Throws Error{Fault::settings} when its words are given
/// for other languages only.
Shot in_language(const ListedShot& listed, const std::string& language);

} // namespace aigc
