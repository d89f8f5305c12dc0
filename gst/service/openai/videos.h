// SPDX-License-Identifier: LGPL-2.1-or-later
// Clips by /videos: OpenAI, vLLM-Omni and SGLang-diffusion.
#pragma once

#include "service/openai/server.h"

namespace aigc::openai {

/// As the functions of Backend. `request.model` is a name the server has.
Task submit_clip(const Server& server, Profile profile, const Request& request, Call& call);
Poll poll_clip(const Server& server, Profile profile, const Task& task, const Request& request,
               Call& call);
bool cancel_clip(const Server& server, Profile profile, const Task& task, Call& call);
Found find_clip(const Server& server, const Request& request, const Intent& intent, Call& call);

} // namespace aigc::openai
