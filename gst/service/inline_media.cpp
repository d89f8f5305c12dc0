// SPDX-License-Identifier: LGPL-2.1-or-later
// See inline_media.h.
#include "service/inline_media.h"

#include "base/error.h"

#include <algorithm>
#include <memory>

namespace aigc {

namespace {

constexpr size_t kPadding = 3; ///< at most

} // namespace

std::string base64_of(GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const guchar*>(g_bytes_get_data(bytes, &size));
  return take_string(g_base64_encode(data, size));
}

std::string data_uri_of(const std::string& mime, GBytes* bytes) {
  return "data:" + mime + ";base64," + base64_of(bytes);
}

std::string_view held_text(JsonView value) {
  JsonNode* node = value.node();
  const bool is_text =
      node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
  return is_text ? json_node_get_string(node) : std::string_view();
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
  // Decoded where it stands, since it may be a whole film.
  std::unique_ptr<char, decltype(&g_free)> clean(
      static_cast<char*>(g_malloc(text.size() + kPadding + 1)), g_free);
  char* end = clean.get();
  for (const char letter : text)
    if (!g_ascii_isspace(letter)) *end++ = letter == '-' ? '+' : letter == '_' ? '/' : letter;
  while (end > clean.get() && end[-1] == '=')
    --end;
  const auto legal = [](char letter) {
    return g_ascii_isalnum(letter) || letter == '+' || letter == '/';
  };
  const auto length = end - clean.get();
  if (length == 0 || length % 4 == 1 || !std::all_of(clean.get(), end, legal)) throw refuse();
  *std::fill_n(end, (4 - length % 4) % 4, '=') = '\0';
  gsize size = 0;
  g_base64_decode_inplace(clean.get(), &size);
  return adopt(g_bytes_new_take(clean.release(), size));
}

} // namespace aigc
