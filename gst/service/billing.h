// SPDX-License-Identifier: LGPL-2.1-or-later
// What a call will be billed for, and was.
#pragma once

#include "service/backend.h"
#include "service/prices.h"

namespace aigc {

/// The most that the call is expected to be billed for.
Usage expected_usage(const Request& request);

/// By the name the price file has for the model; none where it has no price.
std::optional<double> cost_of(const Prices& prices, const Backend& backend,
                              const std::string& model, const Usage& usage);

/// The pace with what the price file says of its group.
Pace pace_of(const Prices& prices, Pace pace);

/// What the service said, filled up with what was ordered where it said nothing.
Usage billed_usage(const Request& request, const Usage& said);

} // namespace aigc
