// SPDX-License-Identifier: LGPL-2.1-or-later
// The silhouettes, as data: one entry per subject and per pose. The language is that of
// draw_shape().
#pragma once

#include <span>
#include <string_view>

namespace aigc::preview {

struct Shape {
  const char* id;
  double size;      ///< height of 100 units as a share of the picture's height
  const char* path; ///< x right, y down, the ground at 0, facing right
};

std::span<const Shape> living_shapes();
std::span<const Shape> thing_shapes();
/// Null when there is none.
const Shape* find_shape(std::string_view id);

} // namespace aigc::preview
