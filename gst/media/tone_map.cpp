// SPDX-License-Identifier: LGPL-2.1-or-later
// See tone_map.h.
#include "media/tone_map.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace aigc {
namespace {

constexpr int kCodeBits = 12;
constexpr double kPaper = 203;    ///< cd/m2 of white paper, as BT.2408 has it
constexpr double kHlgPeak = 1000; ///< cd/m2 of the screen HLG is meant for
constexpr double kMostLight = 10000 / kPaper;
constexpr double kKnee = 0.6; ///< light above it is pressed
constexpr size_t kRoots = 4096;
const float kRootScale = static_cast<float>((kRoots - 1) / std::sqrt(kMostLight));
constexpr float kToRec709[3][3] = {{1.6605f, -0.5876f, -0.0728f}, // from BT.2020
                                   {-0.1246f, 1.1329f, -0.0083f},
                                   {-0.0182f, -0.1006f, 1.1187f}};

std::optional<GstVideoTransferFunction> transfer_of(GstCaps* caps) {
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps)) return std::nullopt;
  const auto transfer = info.colorimetry.transfer;
  if (transfer != GST_VIDEO_TRANSFER_SMPTE2084 && transfer != GST_VIDEO_TRANSFER_ARIB_STD_B67)
    return std::nullopt;
  return transfer;
}

double light_of(GstVideoTransferFunction transfer, double code) {
  const double linear = gst_video_transfer_function_decode(transfer, code);
  const double candela = transfer == GST_VIDEO_TRANSFER_SMPTE2084
                             ? linear * 10000
                             : kHlgPeak * std::pow(std::max(0.0, linear), 1.2);
  return std::min(candela / kPaper, kMostLight);
}

double pressed(double light) {
  if (light <= kKnee) return light;
  return kKnee + (1 - kKnee) * (1 - std::exp(-(light - kKnee) / (1 - kKnee)));
}

} // namespace

bool ToneMap::suits(GstCaps* caps) {
  return transfer_of(caps).has_value();
}

ToneMap::ToneMap(GstCaps* caps) {
  const auto transfer = transfer_of(caps).value_or(GST_VIDEO_TRANSFER_SMPTE2084);
  for (int code = 0; code < 1 << kCodeBits; ++code)
    light_.push_back(static_cast<float>(light_of(transfer, double(code) / ((1 << kCodeBits) - 1))));
  for (size_t i = 0; i < kRoots; ++i) {
    const double light = std::pow(static_cast<double>(i) / static_cast<double>(kRootScale), 2);
    codes_.push_back(
        static_cast<std::uint16_t>(std::lround(65535 * std::pow(pressed(light), 1 / 2.4))));
  }
}

void ToneMap::map_row(std::uint16_t* pixels, int count) const {
  for (std::uint16_t* pixel = pixels; pixel < pixels + 4 * count; pixel += 4) {
    float from[3];
    for (int c = 0; c < 3; ++c)
      from[c] = light_[pixel[1 + c] >> (16 - kCodeBits)];
    for (int c = 0; c < 3; ++c) {
      const float* row = kToRec709[c];
      const float light = row[0] * from[0] + row[1] * from[1] + row[2] * from[2];
      const float root = std::sqrt(std::max(0.0f, light)) * kRootScale + 0.5f;
      pixel[1 + c] = codes_[std::min(static_cast<size_t>(root), kRoots - 1)];
    }
  }
}

void ToneMap::apply(GstBuffer* picture, const GstVideoInfo& info) const {
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, picture, GST_MAP_READWRITE)) return;
  auto* data = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  for (int y = 0; y < GST_VIDEO_FRAME_HEIGHT(&frame); ++y)
    map_row(reinterpret_cast<std::uint16_t*>(data + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)),
            GST_VIDEO_FRAME_WIDTH(&frame));
  gst_video_frame_unmap(&frame);
}

} // namespace aigc
