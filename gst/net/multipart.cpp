// SPDX-License-Identifier: LGPL-2.1-or-later
// See multipart.h.
#include "net/multipart.h"

namespace aigc {

Multipart::Multipart() : mark_("aigc-" + take_string(g_uuid_string_random())) {}

Multipart& Multipart::field(std::string_view name, std::string_view value) {
  parts_.append("--").append(mark_).append("\r\nContent-Disposition: form-data; name=\"");
  parts_.append(name).append("\"\r\n\r\n").append(value).append("\r\n");
  return *this;
}

Multipart& Multipart::file(std::string_view name, std::string_view filename, std::string_view type,
                           GBytes* bytes) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  parts_.append("--").append(mark_).append("\r\nContent-Disposition: form-data; name=\"");
  parts_.append(name).append("\"; filename=\"").append(filename).append("\"\r\nContent-Type: ");
  parts_.append(type).append("\r\n\r\n").append(data, size).append("\r\n");
  return *this;
}

Ref<GBytes> Multipart::body() const {
  const std::string whole = parts_ + "--" + mark_ + "--\r\n";
  return adopt(g_bytes_new(whole.data(), whole.size()));
}

} // namespace aigc
