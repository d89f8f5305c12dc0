// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens on a channel, as events for programs: one JSON object each.
#pragma once

#include "base/json.h"
#include "report.h"

#include <optional>

namespace aigc::runner {

/// An element message as an event: `event` says what it is ("item-started", "filler-enter",
/// "level", "shot-done"), the rest are its fields. None for a message nobody waits for.
std::optional<Ref<JsonObject>> message_event(const GstStructure* structure);

/// `event` "warning" or "error".
Ref<JsonObject> problem_event(const char* event, const Problem& problem);

/// With `time`, in seconds since the channel was started, on one line.
std::string event_line(const Ref<JsonObject>& event, double time);

} // namespace aigc::runner
