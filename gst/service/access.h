// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a service is and with which key: all a backend is made from.
#pragma once

#include "base/secret.h"
#include "service/backend.h"

#include <optional>
#include <string>

namespace aigc {

/// Which server speaks behind an OpenAI-style address: they differ in pictures and clips.
enum class Profile { automatic, openai, vllm_omni, sglang, localai, sdcpp };

/// Complete when a backend is made: find_access() fills in what is left out, make_backend() refuses
/// a missing key.
struct Access {
  std::string base_url; ///< the API root as the service's documents give it, without a last slash
  Secret key;           ///< may be empty for servers of one's own
  Profile profile = Profile::automatic;
  std::string workflow;     ///< path of ComfyUI's
  std::optional<Role> role; ///< what it is wanted for, where that is known
};

/// Host, account digest and whether it is private, for limits and downloads. Throws
/// Error{Fault::settings} when the base URL is no http(s) URL.
Endpoint endpoint_of(const Access& access);

} // namespace aigc
