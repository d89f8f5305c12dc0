// SPDX-License-Identifier: LGPL-2.1-or-later
// The colours a picture has and how much of it has them: what two clips are compared by.
#pragma once

#include "media/picture.h"

#include <vector>

#include <gst/video/video.h>

namespace aigc {

/// One colour of a picture, as Y'CbCr: y 0..1, cb and cr -0.5..0.5.
struct PictureColour {
  float y = 0, cb = 0, cr = 0;
  float weight = 0; ///< those of a picture add up to 1
};

/// Most frequent first, at most kMostColours.
using PictureColours = std::vector<PictureColour>;
inline constexpr size_t kMostColours = 80;

/// Throws Error{Fault::format} when OpenCV refuses the frame.
PictureColours colours_of(GstVideoFrame* frame);

/// A still picture at the size that pictures are compared at, at most.
Raster for_comparison(const Raster& picture);

/// The colours a still picture has in a stream of the given matrix.
PictureColours colours_of(const Raster& picture, GstVideoColorMatrix matrix);

/// How much there is to compare by: 0 for a black or single-coloured picture, up to about 0.5.
double contrast_of(const PictureColours& colours);

/// Shares of red and blue in brightness. RGB streams count as bt709.
struct LumaShares {
  double red, blue;
};
LumaShares luma_shares(GstVideoColorMatrix matrix);

} // namespace aigc
