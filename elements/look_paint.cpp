// SPDX-License-Identifier: LGPL-2.1-or-later
// See look_paint.h. Whole numbers in plain loops, which the compiler turns into vector code.
#include "look_paint.h"

#include "look_colours.h"

#include <algorithm>
#include <cmath>

namespace aigc {

namespace {

constexpr int kShift = 12;
constexpr std::int32_t kOne = 1 << kShift, kHalf = kOne / 2;

std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(std::lround(value * kOne));
}

std::uint8_t byte(std::int32_t value, int low = 0, int high = 255) {
  return static_cast<std::uint8_t>(std::clamp(value, low, high));
}

/// A turn and stretch of (u, v).
struct Turn {
  std::int32_t cosine, sine;
  int low, high;
};

/// One row of chroma; samples are kStep bytes apart.
template <int kStep>
void turn_row(std::uint8_t* __restrict u, std::uint8_t* __restrict v, int count, const Turn turn) {
  for (int i = 0; i < count; ++i) {
    const std::int32_t cb = u[i * kStep] - 128, cr = v[i * kStep] - 128;
    u[i * kStep] =
        byte(128 + ((turn.cosine * cb - turn.sine * cr + kHalf) >> kShift), turn.low, turn.high);
    v[i * kStep] =
        byte(128 + ((turn.sine * cb + turn.cosine * cr + kHalf) >> kShift), turn.low, turn.high);
  }
}

std::uint8_t* row_of(GstVideoFrame* frame, guint component, int row) {
  return static_cast<std::uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(frame, component)) +
         std::ptrdiff_t(row) * GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
}

} // namespace

LookPainter::LookPainter(const Look& look, const GstVideoInfo& info)
    : cosine_(fixed(look.saturation * std::cos(look.turn))),
      sine_(fixed(look.saturation * std::sin(look.turn))) {
  gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
  gst_video_color_range_offsets(info.colorimetry.range, info.finfo, offset, scale);
  const int low = offset[0], steps = scale[0], high = low + steps;
  for (int i = 0; i < 256; ++i) {
    const double level = double(i - low) / steps;
    // What lies outside of black and white stays where it is, unless the look moves white there.
    const double seen = level <= 0 ? level : look.gain * std::pow(level, look.gamma);
    luma_[size_t(i)] =
        byte(static_cast<std::int32_t>(std::lround(low + seen * steps)), 0, std::max(i, high));
  }
  if (GST_VIDEO_INFO_IS_RGB(&info)) {
    const LumaShares shares = luma_shares(info.colorimetry.matrix);
    const double red = shares.red, blue = shares.blue, green = 1 - red - blue;
    const double sine = look.saturation * std::sin(look.turn), ratio = (1 - red) / (1 - blue);
    rgb_ = {fixed(red),          fixed(green),       fixed(blue),        fixed(sine * ratio),
            fixed(sine / ratio), fixed(red / green), fixed(blue / green)};
  } else {
    chroma_low_ = 128 - scale[1] / 2;
    chroma_high_ = std::min(128 + scale[1] / 2, 255);
  }
}

void LookPainter::paint(GstVideoFrame* frame) const {
  if (GST_VIDEO_INFO_IS_RGB(&frame->info))
    paint_rgb(frame);
  else
    paint_yuv(frame);
}

void LookPainter::paint_yuv(GstVideoFrame* frame) const {
  const int width = GST_VIDEO_FRAME_COMP_WIDTH(frame, 0);
  for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, 0); ++y) {
    std::uint8_t* row = row_of(frame, 0, y);
    for (int x = 0; x < width; ++x)
      row[x] = luma_[row[x]];
  }
  const Turn turn{cosine_, sine_, chroma_low_, chroma_high_};
  const auto turned = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, 1) == 2 ? turn_row<2> : turn_row<1>;
  for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, 1); ++y)
    turned(row_of(frame, 1, y), row_of(frame, 2, y), GST_VIDEO_FRAME_COMP_WIDTH(frame, 1), turn);
}

void LookPainter::paint_rgb(GstVideoFrame* frame) const {
  const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, 0);
  const int width = GST_VIDEO_FRAME_COMP_WIDTH(frame, 0);
  for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(frame, 0); ++y) {
    std::uint8_t *r = row_of(frame, 0, y), *g = row_of(frame, 1, y), *b = row_of(frame, 2, y);
    for (int x = 0; x < width * step; x += step) {
      const std::int32_t bright =
          (rgb_.red * r[x] + rgb_.green * g[x] + rgb_.blue * b[x] + kHalf) >> kShift;
      const std::int32_t reddish = r[x] - bright, bluish = b[x] - bright;
      const std::int32_t red = (cosine_ * reddish + rgb_.red_of_blue * bluish + kHalf) >> kShift;
      const std::int32_t blue = (cosine_ * bluish - rgb_.blue_of_red * reddish + kHalf) >> kShift;
      const std::int32_t green =
          (kHalf - rgb_.green_of_red * red - rgb_.green_of_blue * blue) >> kShift;
      const std::int32_t to = luma_[size_t(bright)];
      r[x] = byte(to + red);
      g[x] = byte(to + green);
      b[x] = byte(to + blue);
    }
  }
}

} // namespace aigc
