// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a player can begin with an encoded picture.
#pragma once

#include <span>

#include <glib.h>

namespace aigc {

/// Whether the access unit, an Annex B byte stream, is an IDR of H.264, or an IRAP of H.265.
/// Parsers call any intra picture a key frame, also one behind which pictures refer to others
/// before it.
bool is_random_access(std::span<const guint8> unit, bool is_h265);

} // namespace aigc
