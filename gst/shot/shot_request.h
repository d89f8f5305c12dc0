// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as operators give them to a running channel: structures of plain fields, and the JSON they
// come from.
#pragma once

#include "base/json.h"
#include "shot/shot.h"

namespace aigc {

/// The fields of a JSON object: texts, numbers, true and false, and lists of texts. Names are
/// canonical(), null is as good as absent. A bare string is its `script`. Throws
/// Error{Fault::settings} naming the member that is something else.
Own<GstStructure> structure_from_json(const char* name, JsonNode* node);

/// The other way; arrays and lists become arrays, structures objects.
Ref<JsonNode> structure_to_json(const GstStructure* structure);

/// What a row of a list with these fields would be, whatever the type of its numbers, checked as
/// such a row. Throws Error{Fault::settings} naming the field.
Shot shot_from_request(const GstStructure* structure);

} // namespace aigc
