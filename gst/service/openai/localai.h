// SPDX-License-Identifier: LGPL-2.1-or-later
// LocalAI's own way to clips, which is one call that lasts as long as they are made.
#pragma once

#include "service/openai/server.h"

namespace aigc::openai::localai {

/// A clip by POST /video, with its address or its file at `call.scratch`. `request.model` is a name
/// the server has.
Result make_clip(const Server& server, const Request& request, Call& call);

} // namespace aigc::openai::localai
