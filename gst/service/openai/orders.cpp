// SPDX-License-Identifier: LGPL-2.1-or-later
// See orders.h.
#include "service/openai/orders.h"

#include <cmath>

namespace aigc::openai {

namespace {

constexpr gint64 kSeeds = 2147483648; ///< what every server reads

} // namespace

gint64 seed_of(const Request& request, const Call& call) {
  if (request.seed >= 0) return (request.seed + request.take * kTakeStride) % kSeeds;
  if (call.id.empty()) return -1;
  const std::string digest = take_string(g_compute_checksum_for_string(
      G_CHECKSUM_SHA256, call.id.data(), static_cast<gssize>(call.id.size())));
  return static_cast<gint64>(std::stoul(digest.substr(0, 8), nullptr, 16)) % kSeeds;
}

gint64 whole_seconds(const Request& request) {
  return std::lround(std::ceil(request.seconds - 1e-6));
}

} // namespace aigc::openai
