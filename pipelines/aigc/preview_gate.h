// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps what nobody looks at from being made of previews, for want of a key.
#pragma once

namespace aigc::runner {

/// Whether backend=auto would come to previews for want of any key or address.
bool auto_is_preview();

/// Throws Error{Fault::settings} when it would. `what` is what would be previews.
void refuse_preview(const char* what);

} // namespace aigc::runner
