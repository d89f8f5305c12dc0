// SPDX-License-Identifier: LGPL-2.1-or-later
// See access.h.
#include "service/access.h"

#include "net/http.h"

namespace aigc {

Endpoint endpoint_of(const Access& access) {
  const HttpOrigin origin = origin_of(access.base_url);
  const std::string& key = access.key.reveal();
  const std::string digest = take_string(g_compute_checksum_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(key.data()), key.size()));
  return {origin.host, digest.substr(0, 16), origin.is_private};
}

} // namespace aigc
