// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists as text.
#pragma once

#include "shot/shot.h"

#include <string>
#include <string_view>
#include <vector>

namespace aigc {

enum class ListFormat {
  txt,   ///< one sentence a line, blank lines skipped
  json,  ///< an array of shots, or an object with the array "shots"
  jsonl, ///< one shot a line
};

/// By the file's extension; anything unknown is text.
ListFormat list_format_of(std::string_view path);

/// Every shot gets its index and, where it has none, the id "shot-N" (N from 1).
/// Throws Error naming the row (from 1) and field: Fault::settings for values, Fault::format for
/// text that cannot be read, an id given twice, or a list without a shot.
std::vector<Shot> parse_shot_list(std::string_view text, ListFormat format);

} // namespace aigc
