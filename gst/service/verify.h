// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether what was delivered is what was ordered.
#pragma once

#include "service/backend.h"

namespace aigc {

/// A quick look, for what was made or kept here: kind of bytes, and that a clip demuxes. Throws
/// Error{Fault::format, damaged}.
void verify_kind(Role role, const Result& result, Cancel& cancel);

/// All of it, for what came from outside: pictures are decoded, and their pixels kept; of clips the
/// first and the last group of pictures; sizes and lengths are near those of the order. `model` may
/// be null. Throws Error{Fault::format, damaged}, or what keeps it from telling: missing_plugin,
/// cancelled.
void verify_delivery(const Request& request, const Model* model, Result& result, Cancel& cancel);

} // namespace aigc
