// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists as text.
#pragma once

#include "shot/rows.h"
#include "shot/shot.h"

#include <string>
#include <string_view>
#include <vector>

namespace aigc {


/// Every shot gets its index and, where it has none, the id "shot-N" (N from 1).
/// Throws Error naming the row (from 1) and field: Fault::settings for values, Fault::format for
/// text that cannot be read, an id given twice, or a list without a shot.
std::vector<Shot> parse_shot_list(std::string_view text, ListFormat format);

} // namespace aigc
