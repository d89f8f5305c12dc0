// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of a shot to any server of the OpenAI kind.
#pragma once

#include "service/wording.h"

namespace aigc::openai {

/// The seed to send to a server that takes one; -1 = none. Where the user leaves it open it follows
/// from the id of the order: some servers would start from the same number every time, and the
/// provenance can name it.
gint64 seed_of(const Request& request, const Call& call);

/// Seconds of film as a whole number.
gint64 whole_seconds(const Request& request);

} // namespace aigc::openai
