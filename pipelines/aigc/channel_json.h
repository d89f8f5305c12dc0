// SPDX-License-Identifier: LGPL-2.1-or-later
// What elements say in structures, as JSON.
#pragma once

#include "base/ref.h"

namespace aigc::runner {

/// Every field; what JSON has no word for is written as GStreamer prints it.
Ref<JsonObject> structure_json(const GstStructure* structure);

Ref<JsonNode> json_node(const Ref<JsonObject>& object);

} // namespace aigc::runner
