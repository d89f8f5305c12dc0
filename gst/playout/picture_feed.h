// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's pictures on the grid of a live channel: whoever asks is never kept waiting for longer
// than it allows, and learns when the clip is good for nothing any more.
#pragma once

#include "media/clip_reader.h"
#include "media/grid.h"

#include <chrono>
#include <memory>

namespace aigc {

class PictureFeed {
 public:
  /// @param reader of pictures
  PictureFeed(std::unique_ptr<ClipReader> reader, Grid grid);

  struct Picture {
    Ref<GstBuffer> buffer; ///< shared, without timestamps; null when there was none at all yet
    bool held = false;     ///< not decoded in time: the one before
  };
  /// The picture of the clip's frame `number`, never smaller than before.
  /// Throws Error{Fault::cancelled}.
  Picture at(guint64 number, std::chrono::nanoseconds patience);

  /// Set once the clip cannot go on: it ended early, lost pictures, or stands still.
  const std::optional<Error>& damage() const { return damage_; }

  std::unique_ptr<ClipReader> release() { return std::move(reader_); }

 private:
  bool covers(guint64 number) const;
  bool shown_by(guint64 number) const;
  bool fetch(std::chrono::nanoseconds patience);
  void look_for_holes();
  void watch(std::chrono::steady_clock::time_point start, bool alive);

  std::unique_ptr<ClipReader> reader_;
  Grid grid_;
  std::optional<ClipReader::Block> current_;
  std::optional<ClipReader::Block> next_;
  bool ended_ = false;
  guint64 silent_ = 0; ///< frames on end for which nothing was decoded
  std::chrono::steady_clock::time_point silent_since_{};
  std::optional<Error> damage_;
};

} // namespace aigc
