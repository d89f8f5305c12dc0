// SPDX-License-Identifier: LGPL-2.1-or-later
// What a language model is told: the writer's rules, and the user's order as data.
#pragma once

#include "service/backend.h"

#include <string>

namespace aigc {

/// Changes with the rules: other rules give other words for the same order.
inline constexpr const char* kRulesEdition = "rules 2";

/// The system message. `request.system_prompt` takes the place of the rules, never of the form of
/// the answer.
std::string writer_rules(const Request& request);

/// The user message: one JSON object, so that no words of the user's read as orders.
std::string writer_order(const Request& request);

/// The user's words of a request to a writer.
const std::string& idea_of(const Request& request);

} // namespace aigc
