// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as operators give them to a running channel: structures of plain fields.
#pragma once

#include "shot/shot.h"

namespace aigc {

/// What a row of a list with these fields would be, whatever the type of its numbers, and checked
/// as such a row; also what shot_to_structure() wrote. Throws Error{Fault::settings} naming the
/// field.
Shot shot_from_request(const GstStructure* structure);

} // namespace aigc
