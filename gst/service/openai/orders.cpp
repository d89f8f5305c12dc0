// SPDX-License-Identifier: LGPL-2.1-or-later
// See orders.h.
#include "service/openai/orders.h"

#include "shot/shot.h"

#include <cmath>

namespace aigc::openai {

namespace {

constexpr gint64 kSeeds = 2147483648; ///< what every server reads

} // namespace

std::string prompt_of(const Request& request) {
  if (request.role != Role::clip || is_blank(request.motion)) return request.words;
  if (request.keyframe || is_blank(request.words)) return request.motion;
  return request.words + "\n" + request.motion;
}

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

std::string escaped(const std::string& id) {
  return take_string(g_uri_escape_string(id.c_str(), nullptr, FALSE));
}

} // namespace aigc::openai
