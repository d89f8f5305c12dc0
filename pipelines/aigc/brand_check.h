// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures whether what a job makes keeps to the limits of its brand: the picture after the grade,
// under title and logo, and what is behind the title.
#pragma once

#include "shot/brand.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace aigc::runner {

struct BrandFigures {
  std::optional<double> palette_distance; ///< mean of the frames; empty when there is no palette
  std::optional<double> legibility;       ///< of the worst frame; empty when there is no title
  std::optional<double> max_palette_distance, min_legibility; ///< the brand's limits

  bool ok() const;
  /// As the reports have them: "palette-distance" and "legibility".
  std::map<std::string, double> measured() const, limits() const;
  /// "palette distance 21.30 (at most 18), legibility 7.12 (at least 4.5)"
  std::string text() const;
};

class BrandCheck {
 public:
  /// Null when the values name no brand with limits.
  static std::unique_ptr<BrandCheck> make(const std::map<std::string, std::string>& values);

  /// Looks at the first frame and then at one a second: at what leaves the element named `grade`,
  /// and at what comes to the textoverlay named `title`. Call before the pipeline starts.
  void attach(GstElement* pipeline);

  /// Call when it has ended. Throws Error when a frame could not be read.
  BrandFigures figures() const;

 private:
  struct Looks;
  BrandCheck(std::shared_ptr<const Brand> brand, const std::string& title_colour);

  std::shared_ptr<const Brand> brand_;
  std::shared_ptr<Looks> looks_;
};

} // namespace aigc::runner
