// SPDX-License-Identifier: LGPL-2.1-or-later
// What a call will be billed for, and was.
#pragma once

#include "service/backend.h"

namespace aigc {

/// The most that the call is expected to be billed for.
Usage expected_usage(const Request& request);

/// What the service said, filled up with what was ordered where it said nothing.
Usage billed_usage(const Request& request, const Usage& said);

} // namespace aigc
