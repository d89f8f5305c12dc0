// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_frames.h.
#include "media/clip_frames.h"

namespace aigc {

ClipFrames::ClipFrames(std::unique_ptr<ClipReader> reader, Grid grid, guint64 frames)
    : reader_(std::move(reader)), grid_(grid), frames_(frames) {}

/// Whether the next picture has begun when output frame `frame` is shown. The margin swallows
/// timestamps rounded to milliseconds; it is no simple part of a frame, so that 60 to 30 or 50 to
/// 25 never stands on the edge.
bool ClipFrames::shown_by(guint64 frame) const {
  const GstClockTime margin = grid_.time_of(1) * 3 / 10;
  return next_ && next_->time <= GstClockTimeDiff(grid_.time_of(frame) + margin);
}

void ClipFrames::advance() {
  current_ = std::move(next_);
  next_ = reader_->read();
  look_for_holes();
}

/// The file said how long its longest picture stays; one that stays longer hides lost ones.
void ClipFrames::look_for_holes() {
  if (damage_) return;
  const ClipInfo& clip = reader_->clip();
  const auto until = next_ ? next_->time : GstClockTimeDiff(clip.span);
  const auto stays = until - (current_ ? current_->time : 0);
  if (stays <= GstClockTimeDiff(clip.longest_frame + clip.longest_frame / 2)) return;
  damage_ = reader_->trouble();
  if (!damage_)
    damage_ = Error(Fault::damaged, "pictures are missing in the clip " + clip.uri,
                    "make or download the clip again");
}

Ref<GstBuffer> ClipFrames::next() {
  if (number_ == frames_) return nullptr;
  if (number_ == 0) {
    reader_->wait_ready();
    next_ = reader_->read();
    look_for_holes();
    advance();
  }
  while (shown_by(number_))
    advance();
  ++number_;
  const bool last_use = number_ == frames_ || shown_by(number_);
  // A picture handed over is the receiver's alone to change; one shown again is shared.
  if (last_use) return std::move(current_->buffer);
  return adopt(gst_buffer_copy(current_->buffer.get()));
}

} // namespace aigc
