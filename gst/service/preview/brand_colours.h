// SPDX-License-Identifier: LGPL-2.1-or-later
// Colours of a scene in the dress of a brand: drawn towards the brand's palette, as light as
// before.
#pragma once

#include "media/colour.h"
#include "service/preview/palette.h"

#include <cstdint>
#include <vector>

namespace aigc::preview {

class BrandColours {
 public:
  /// 0xRRGGBB each; none = colours stay as they are.
  explicit BrandColours(const std::vector<std::uint32_t>& palette);

  /// The colour as a house with this palette would have it.
  Colour dressed(const Colour& colour) const;
  void dress(Tones& tones) const;
  void dress(Palette& palette) const;

 private:
  std::vector<Lab> colours_; ///< the most vivid first
};

} // namespace aigc::preview
