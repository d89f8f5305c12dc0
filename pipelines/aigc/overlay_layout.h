// SPDX-License-Identifier: LGPL-2.1-or-later
// Where title and logo stand in the picture, as the elements that draw them want it. Computed from
// a job's variables; a launch line reads it as `${logo.x}` or `${title.text}`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aigc::runner {

/// The variables that `name`, such as "logo.x", is computed from; null when there is no such name.
/// The first one, when it is unset, leaves it unset.
const std::vector<std::string>* overlay_inputs(std::string_view name);

/// Everything that can be computed from `values`. Throws Error{Fault::settings} when a title does
/// not fit, or a logo cannot be read.
std::map<std::string, std::string>
lay_out_overlays(const std::map<std::string, std::string>& values);

} // namespace aigc::runner
