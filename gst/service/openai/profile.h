// SPDX-License-Identifier: LGPL-2.1-or-later
// Which server speaks behind an OpenAI-style address.
#pragma once

#include "service/openai/server.h"

namespace aigc::openai {

/// The profile that was set, or what a few GETs tell; nothing is made and nothing costs. Throws
/// Error: as Server::get() where nobody answers or the key is refused, Fault::settings where
/// somebody else does.
Profile find_profile(const Server& server, Call& call);

/// Asks for a server of the profile that was set, or of any. Throws as find_profile().
void find_life(const Server& server, Call& call);

} // namespace aigc::openai
