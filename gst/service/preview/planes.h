// SPDX-License-Identifier: LGPL-2.1-or-later
// Layers as colour planes, laid over each other straight into I420 frames with sub-pixel movement.
#pragma once

#include "service/preview/canvas.h"

#include <cstdint>
#include <vector>

#include <gst/video/video.h>

namespace aigc::preview {

/// One 8-bit plane; rows are padded so that 16 bytes may be read from any pixel.
struct Plane {
  int width = 0, height = 0, stride = 0;
  std::vector<std::uint8_t> bytes;

  void resize(int w, int h);
  const std::uint8_t* row(int y) const { return bytes.data() + static_cast<ptrdiff_t>(y) * stride; }
  std::uint8_t* row(int y) { return bytes.data() + static_cast<ptrdiff_t>(y) * stride; }
};

/// Where a row of an alpha plane has anything: first <= x < last; `solid` when all of it is opaque.
struct Extent {
  int first = 0, last = 0;
  bool solid = false;
};

/// bt709 limited range, premultiplied by alpha, chroma and its alpha at half size.
struct LayerPlanes {
  Plane y, u, v, alpha, chroma_alpha;
  std::vector<Extent> rows, chroma_rows;
};

LayerPlanes to_planes(const Canvas& canvas);

/// A frame being written.
struct Target {
  int width, height;
  std::uint8_t* data[3];
  int stride[3];
};
Target target_of(GstVideoFrame& frame);

/// A layer at one place of one frame: picture = place + scale * layer, in luma pixels.
struct Placed {
  const LayerPlanes* layer;
  double x, y, scale;
};

/// Lays them over each other, back to front. The first must cover the frame.
void compose(const std::vector<Placed>& list, const Target& target);

/// target = target + (other - target) * share, 0..256.
void fade(const Target& target, const Target& other, int share);

} // namespace aigc::preview
