// SPDX-License-Identifier: LGPL-2.1-or-later
// See inline_media.h.
#include "service/inline_media.h"

#include "base/error.h"

#include <algorithm>

namespace aigc {

std::string base64_of(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const guchar*>(g_bytes_get_data(bytes, &size));
  return take_string(g_base64_encode(data, size));
}

std::string data_uri_of(const std::string& mime, GBytes* bytes) {
  return "data:" + mime + ";base64," + base64_of(bytes);
}

Ref<GBytes> bytes_from_base64(std::string_view text, const char* what) {
  const auto refuse = [&]() -> Error {
    return {Fault::damaged, std::string(what) + " does not decode as base64",
            "run again; report it to whoever runs the server if it happens twice"};
  };
  if (text.starts_with("data:")) {
    const size_t comma = text.find(',');
    if (comma == std::string_view::npos || !text.substr(0, comma).ends_with(";base64"))
      throw refuse();
    text.remove_prefix(comma + 1);
  }
  std::string clean;
  clean.reserve(text.size() + 3);
  for (const char letter : text) {
    if (g_ascii_isspace(letter)) continue;
    clean += letter == '-' ? '+' : letter == '_' ? '/' : letter;
  }
  while (clean.ends_with('='))
    clean.pop_back();
  const auto legal = [](char letter) {
    return g_ascii_isalnum(letter) || letter == '+' || letter == '/';
  };
  if (clean.empty() || clean.size() % 4 == 1 || !std::all_of(clean.begin(), clean.end(), legal))
    throw refuse();
  clean.append((4 - clean.size() % 4) % 4, '=');
  gsize size = 0;
  guchar* decoded = g_base64_decode(clean.c_str(), &size);
  return adopt(g_bytes_new_take(decoded, size));
}

} // namespace aigc
