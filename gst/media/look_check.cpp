// SPDX-License-Identifier: LGPL-2.1-or-later
// See look_check.h.
#include "media/look_check.h"

#include <algorithm>
#include <limits>

namespace aigc {

namespace {

constexpr int kDominantColours = 12;
constexpr double kWorstPart = 0.1;

} // namespace

double palette_distance(const Raster& raster, std::span<const Rgb> palette) {
  double sum = 0;
  for (const auto& dominant : dominant_colours(raster, kDominantColours)) {
    double nearest = std::numeric_limits<double>::max();
    for (const Rgb colour : palette)
      nearest = std::min(nearest, colour_difference(dominant.lab, lab_of(colour)));
    sum += dominant.share * nearest;
  }
  return sum;
}

double legibility(const Raster& behind, const Box& box, Rgb text) {
  const int left = std::max(box.x, 0), right = std::min(box.x + box.width, behind.width);
  const int top = std::max(box.y, 0), bottom = std::min(box.y + box.height, behind.height);
  std::vector<double> ratios;
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) {
      const auto* pixel = &behind.rgba[4 * (size_t(y) * size_t(behind.width) + size_t(x))];
      ratios.push_back(contrast_ratio(text, {pixel[0], pixel[1], pixel[2]}));
    }
  if (ratios.empty()) return 1;
  const auto worst = ratios.begin() + static_cast<ptrdiff_t>(kWorstPart * double(ratios.size()));
  std::nth_element(ratios.begin(), worst, ratios.end());
  return *worst;
}

} // namespace aigc
