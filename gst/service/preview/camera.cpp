// SPDX-License-Identifier: LGPL-2.1-or-later
// See camera.h.
#include "service/preview/camera.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

constexpr double kPan = 0.075;   ///< of the width, well inside the painted margin
constexpr double kCrane = 0.075; ///< of the height
constexpr double kPush = 0.22, kPull = 0.11;
// Of a flat picture, which is first seen as it is:
constexpr double kFlatZoom = 0.15; ///< it grows by that much to have room for a move
constexpr double kFlatPull = 0.06; ///< little is painted around it, see kFlatMargin

} // namespace

double eased(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * t * (t * (6 * t - 15) + 10);
}

Camera::Camera(std::vector<std::string> motions, bool flat)
    : motions_(std::move(motions)), flat_(flat) {}

CameraPose Camera::at(double share) const {
  const double e = eased(share);
  CameraPose pose;
  bool roams = false;
  for (const std::string& motion : motions_) {
    if (motion == "push_in") pose.zoom *= 1 + kPush * e;
    if (motion == "pull_out") pose.zoom *= 1 - (flat_ ? kFlatPull : kPull) * e;
    if (motion == "pan_left") pose.x += kPan * e;
    if (motion == "pan_right") pose.x -= kPan * e;
    if (motion == "crane_up") pose.y += kCrane * e;
    if (motion == "crane_down") pose.y -= kCrane * e;
    if (motion == "orbit") {
      pose.x += kPan * 0.95 * (flat_ ? 0.5 : 1) * (1 + std::sin(M_PI * (e - 0.5)));
      pose.zoom *= 1 + 0.06 * std::sin(M_PI * e);
    }
    roams |= motion.starts_with("pan") || motion.starts_with("crane") || motion == "orbit";
  }
  if (roams && flat_) pose.zoom *= 1 + kFlatZoom * e;
  const double room = flat_ ? std::max(0.0, (pose.zoom - 1) / 2) : 0.09;
  pose.x = std::clamp(pose.x, -room, room);
  pose.y = std::clamp(pose.y, -room, room);
  return pose;
}

} // namespace aigc::preview
