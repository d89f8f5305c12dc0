// SPDX-License-Identifier: LGPL-2.1-or-later
// A ComfyUI server, which runs a workflow of the user's.
#pragma once

#include "service/access.h"

#include <memory>

namespace aigc {

inline constexpr const char* kComfyuiUrl = "http://127.0.0.1:8188";

/// Reads Access::workflow. Throws Error{Fault::settings} when it is missing or wrong, makes
/// something else than Access::role wants, or the base URL is no http(s) URL.
std::shared_ptr<Backend> make_comfyui(const Access& access);

} // namespace aigc
