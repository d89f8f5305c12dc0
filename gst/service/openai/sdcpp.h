// SPDX-License-Identifier: LGPL-2.1-or-later
// stable-diffusion.cpp's server: pictures and clips as jobs of its own API.
#pragma once

#include "service/openai/server.h"

#include <variant>

namespace aigc::openai::sdcpp {

/// As the functions of Backend. `request.model` may be "auto": the server has one model.
std::variant<Result, Task> submit(const Server& server, const Request& request, Call& call);
Poll poll(const Server& server, const Task& task, const Request& request, Call& call);
bool cancel(const Server& server, const Task& task, Call& call);
Found find(const Server& server, const Request& request, const Intent& intent, Call& call);

} // namespace aigc::openai::sdcpp
