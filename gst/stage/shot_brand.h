// SPDX-License-Identifier: LGPL-2.1-or-later
// What a shot's brand file does to a call.
#pragma once

#include "service/backend.h"
#include "shot/brand.h"

#include <memory>

namespace aigc {

/// The brand file that `shot` names; null where it names none, or only a brand. Reads the file.
/// Throws Error{Fault::settings, not_found}.
std::shared_ptr<const Brand> brand_of(const Shot& shot);

/// Puts into `request`, which is complete otherwise, what its service is told of the brand.
void tell_brand(const Brand& brand, bool is_preview, Request& request);

} // namespace aigc
