// SPDX-License-Identifier: LGPL-2.1-or-later
// Changes the pixels of frames as a look says.
#pragma once

#include "look.h"

#include <array>
#include <cstdint>

#include <gst/video/video.h>

namespace aigc {

/// A look, worked out for one video format with 8 bits for each component.
class LookPainter {
 public:
  LookPainter() = default;
  LookPainter(const Look& look, const GstVideoInfo& info);

  void paint(GstVideoFrame* frame) const;

 private:
  void paint_yuv(GstVideoFrame* frame) const;
  void paint_rgb(GstVideoFrame* frame) const;

  std::array<std::uint8_t, 256> luma_{};
  std::int32_t cosine_ = 0, sine_ = 0; ///< with the saturation, in 1/4096
  int chroma_low_ = 0, chroma_high_ = 255;
  /// For RGB: shares in brightness, and what one difference to brightness takes of another.
  struct {
    std::int32_t red, green, blue, red_of_blue, blue_of_red, green_of_red, green_of_blue;
  } rgb_{};
};

} // namespace aigc
