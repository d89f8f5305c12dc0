// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as JSON.
#pragma once

#include "base/json.h"
#include "shot/shot.h"

namespace aigc {

/// The fields that were given; unknown members come back as they were.
Ref<JsonNode> shot_to_json(const Shot& shot);

/// Takes an object, or a bare string as its script. Members go by their canonical() name, null is
/// as good as absent, unknown members are kept in Shot::extra. Throws Error{Fault::settings} naming
/// the member that has the wrong type or value.
Shot shot_from_json(JsonNode* node);

} // namespace aigc
