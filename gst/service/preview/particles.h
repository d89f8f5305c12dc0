// SPDX-License-Identifier: LGPL-2.1-or-later
// Petals, leaves, rain, snow, steam and lights in the air, as small sprites along computed paths.
#pragma once

#include "service/preview/layers.h"

#include <memory>
#include <vector>

namespace aigc::preview {

/// One sprite in one frame.
struct Placement {
  size_t sprite;
  double x, y;  ///< of its middle, pixels
  double scale; ///< 0.5..2
};

class Particles {
 public:
  /// @param kinds ids: petals, leaves, rain, snow, steam, fireflies, sparkles, bubbles, dust
  Particles(const Painting& painting, std::uint64_t seed);
  ~Particles();
  Particles(Particles&&) noexcept;

  const std::vector<Canvas>& sprites() const { return sprites_; }
  /// Everything in the air at a time, seconds from the first frame.
  std::vector<Placement> at(double seconds) const;

 private:
  struct Flake;
  void add_kind(std::string_view kind, const Painting& painting, Random& random);

  const Frame frame_;
  std::vector<Canvas> sprites_;
  std::vector<Flake> flakes_;
};

} // namespace aigc::preview
