// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of a high dynamic range (BT.2020 with PQ or HLG) as a standard screen shows them: what
// is as bright as paper or darker keeps its brightness, what is brighter is pressed into the rest.
#pragma once

#include "base/ref.h"

#include <cstdint>
#include <vector>

#include <gst/video/video.h>

namespace aigc {

class ToneMap {
 public:
  /// Whether pictures of these caps need one.
  static bool suits(GstCaps* caps);

  /// @param caps those of the decoded pictures
  explicit ToneMap(GstCaps* caps);

  /// What apply() takes and leaves.
  static constexpr GstVideoFormat kFormat = GST_VIDEO_FORMAT_ARGB64;

  /// In place. A buffer that cannot be mapped stays as it is.
  void apply(GstBuffer* picture, const GstVideoInfo& info) const;

 private:
  void map_row(std::uint16_t* pixels, int count) const;

  std::vector<float> light_;         ///< of a code, 1 = paper
  std::vector<std::uint16_t> codes_; ///< of the root of the light
};

} // namespace aigc
