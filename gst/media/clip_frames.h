// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's pictures on a constant-rate grid: exactly so many, whatever the file holds.
#pragma once

#include "media/clip_reader.h"
#include "media/grid.h"

#include <memory>

namespace aigc {

class ClipFrames {
 public:
  /// @param reader of pictures; @param frames how many to give
  ClipFrames(std::unique_ptr<ClipReader> reader, Grid grid, guint64 frames);

  /// The next picture, which carries no timestamps yet; null after the last.
  /// Throws Error{Fault::cancelled}, or when the clip has no picture at all.
  Ref<GstBuffer> next();

  /// Set once the clip turned out damaged: pictures are missing, the one before stays instead.
  const std::optional<Error>& damage() const { return damage_; }

  std::unique_ptr<ClipReader> release() { return std::move(reader_); }

 private:
  bool shown_by(guint64 frame) const;
  void advance();
  void look_for_holes();

  std::unique_ptr<ClipReader> reader_;
  Grid grid_;
  guint64 frames_;
  guint64 number_ = 0;
  std::optional<ClipReader::Block> current_;
  std::optional<ClipReader::Block> next_;
  std::optional<Error> damage_;
};

} // namespace aigc
