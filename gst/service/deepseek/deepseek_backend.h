// SPDX-License-Identifier: LGPL-2.1-or-later
// DeepSeek, the writer.
#pragma once

#include "service/access.h"
#include "service/backend.h"

#include <memory>

namespace aigc {

inline constexpr const char* kDeepseekUrl = "https://api.deepseek.com";

/// Throws Error{Fault::settings} when the base URL is no http(s) URL.
std::shared_ptr<Backend> make_deepseek(const Access& access);

} // namespace aigc
