// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures that shots and properties name.
#pragma once

#include "service/backend.h"

namespace aigc {

/// The picture at a file:// URI or a path. `what` is what messages call it. Throws
/// Error{Fault::not_found, settings, format}.
Ref<GBytes> read_picture_file(const std::string& what, const std::string& name);

/// The reference pictures of a shot; http(s) addresses stay what they are, for the service to read.
/// Throws Error that names the shot and the place in its list.
std::vector<Media> references_of(const Shot& shot);

} // namespace aigc
