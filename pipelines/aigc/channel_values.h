// SPDX-License-Identifier: LGPL-2.1-or-later
// What a channel's launch line needs and nobody has to give, computed from its variables.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aigc::runner {

/// As overlay_inputs(): for "hls.segments", "hls.playlist", "state.journal", "state.as-run" and
/// "fps.two-seconds".
const std::vector<std::string>* channel_inputs(std::string_view name);

/// Everything that can be computed from `values`.
std::map<std::string, std::string> channel_values(const std::map<std::string, std::string>& values);

} // namespace aigc::runner
