// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures by /images/generations and /images/edits, as each kind of server wants to be asked.
#pragma once

#include "service/openai/server.h"

namespace aigc::openai {

/// One picture, as bytes or as an address. `request.model` is a name the server has.
Result make_picture(const Server& server, Profile profile, const Request& request, Call& call);

} // namespace aigc::openai
