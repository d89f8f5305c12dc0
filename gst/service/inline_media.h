// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and clips inside JSON, as base64 with or without "data:TYPE;base64," before it.
#pragma once

#include "base/json.h"

#include <string>
#include <string_view>

namespace aigc {

/// An answer that holds one picture of the largest size taken, or a clip of minutes, in bytes.
inline constexpr size_t kMaxInlineJsonBytes = 256u << 20;

std::string base64_of(GBytes* bytes);
std::string data_uri_of(const std::string& mime, GBytes* bytes);

/// The text of a node, or nothing, without a copy: these are long. Good for as long as the tree.
std::string_view held_text(JsonView value);

/// What servers send as base64: with or without a data: prefix, line ends inside, padding missing.
/// Throws Error{Fault::damaged} naming `what` for anything else, and for nothing at all.
Ref<GBytes> bytes_from_base64(std::string_view text, const char* what);

} // namespace aigc
