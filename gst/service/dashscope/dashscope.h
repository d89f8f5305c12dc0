// SPDX-License-Identifier: LGPL-2.1-or-later
// Alibaba Cloud Model Studio: Qwen for words, Qwen-Image for pictures, Wan for clips.
#pragma once

#include "service/access.h"

#include <memory>

namespace aigc {

inline constexpr const char* kDashscopeBaseUrl = "https://dashscope.aliyuncs.com/api/v1";

/// Throws Error{Fault::settings} when the base URL is none.
std::shared_ptr<Backend> make_dashscope(const Access& access);

} // namespace aigc
