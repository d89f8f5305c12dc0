// SPDX-License-Identifier: LGPL-2.1-or-later
// Any server that speaks OpenAI's API, in the cloud or of one's own.
#pragma once

#include "service/access.h"
#include "service/backend.h"

#include <memory>

namespace aigc {

inline constexpr const char* kOpenaiUrl = "https://api.openai.com/v1";

/// Throws Error{Fault::settings} when the base URL is no http(s) URL.
std::shared_ptr<Backend> make_openai(const Access& access);

} // namespace aigc
