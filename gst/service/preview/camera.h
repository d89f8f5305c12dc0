// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the camera of a clip is at each moment.
#pragma once

#include <string>
#include <vector>

namespace aigc::preview {

/// What a layer right before the camera does; the farther, the less.
struct CameraPose {
  double x = 0, y = 0; ///< shift, in shares of the picture's width and height
  double zoom = 1;
};

/// How far beyond each edge of a flat picture the camera may look, as a share of its sides.
inline constexpr double kFlatMargin = 0.035;

class Camera {
 public:
  /// @param motions ids of the vocabulary; empty = static
  /// @param flat    the picture is one layer: it is first seen as it is, never from beyond
  ///                kFlatMargin
  Camera(std::vector<std::string> motions, bool flat);
  /// @param share 0 at the first frame, 1 at the last; the move is eased
  CameraPose at(double share) const;

 private:
  std::vector<std::string> motions_;
  bool flat_;
};

/// Slow at both ends: speed and acceleration start and end at zero.
double eased(double share);

} // namespace aigc::preview
