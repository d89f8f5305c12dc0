// SPDX-License-Identifier: LGPL-2.1-or-later
// What a brand file says to a job.
#pragma once

#include "shot/brand.h"

#include <map>
#include <string>

namespace aigc::runner {

/// The brand's values by name of the job variable they are for: "saturation", "font", "logo". Only
/// what the file says. Words, style and seed are not among them: they go along with the shots.
std::map<std::string, std::string> brand_values(const Brand& brand);

} // namespace aigc::runner
