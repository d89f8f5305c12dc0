// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be said about a clip file before any demuxer sees it.
#pragma once

#include <string>

namespace aigc {

/// The local path of `uri`, of a file that is there, readable, not empty and not cut off.
/// Throws Error: settings (not a file URI), not_found, not_authorized, format, damaged.
std::string check_clip_file(const std::string& uri);

} // namespace aigc
