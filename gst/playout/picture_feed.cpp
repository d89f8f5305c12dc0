// SPDX-License-Identifier: LGPL-2.1-or-later
// See picture_feed.h.
#include "playout/picture_feed.h"

namespace aigc {
namespace {

constexpr GstClockTime kGlitch = GST_SECOND / 5; ///< a shorter hole is bridged
constexpr GstClockTime kStandstill = GST_SECOND; ///< a decoder silent for longer is dead

using Clock = std::chrono::steady_clock;

} // namespace

PictureFeed::PictureFeed(std::unique_ptr<ClipReader> reader, Grid grid)
    : reader_(std::move(reader)), grid_(grid) {
  reader_->go_on_air();
}

/// As ClipFrames: the margin swallows timestamps rounded to milliseconds.
bool PictureFeed::shown_by(guint64 number) const {
  const GstClockTime margin = grid_.time_of(1) * 3 / 10;
  return next_ && next_->time <= GstClockTimeDiff(grid_.time_of(number) + margin);
}

/// Whether the current picture is known to be the one.
bool PictureFeed::covers(guint64 number) const {
  if (ended_ && !next_) return true;
  if (!current_) return false;
  if (next_) return !shown_by(number);
  const GstClockTime stays = GST_BUFFER_DURATION(current_->buffer.get());
  const GstClockTime margin = grid_.time_of(1) * 3 / 10;
  return GST_CLOCK_TIME_IS_VALID(stays) && GstClockTimeDiff(grid_.time_of(number) + margin) <
                                               current_->time + GstClockTimeDiff(stays);
}

bool PictureFeed::fetch(std::chrono::nanoseconds patience) {
  if (!reader_->wait_block(patience)) return false;
  next_ = reader_->read();
  ended_ = !next_;
  look_for_holes();
  return true;
}

void PictureFeed::look_for_holes() {
  const ClipInfo& clip = reader_->clip();
  const auto until = next_ ? next_->time : GstClockTimeDiff(clip.span);
  const auto stays = until - (current_ ? current_->time : 0);
  const bool nothing = ended_ && !current_;
  if (!nothing && stays <= GstClockTimeDiff(clip.longest_frame + clip.longest_frame / 2 + kGlitch))
    return;
  damage_ = reader_->trouble();
  if (!damage_)
    damage_ = Error(Fault::damaged, "pictures are missing in the clip " + clip.uri,
                    "make or download the clip again");
}

PictureFeed::Picture PictureFeed::at(guint64 number, std::chrono::nanoseconds patience) {
  Picture picture;
  const auto start = Clock::now();
  const auto deadline = start + patience;
  bool moves = false;
  while (!damage_ && !covers(number)) {
    if (next_) {
      current_ = std::move(next_);
      next_.reset();
    } else if (fetch(std::max<Clock::duration>(deadline - Clock::now(), Clock::duration(0)))) {
      moves = true;
    } else {
      picture.held = true;
      break;
    }
  }
  watch(start, moves || !picture.held);
  if (current_) picture.buffer = adopt(gst_buffer_copy(current_->buffer.get()));
  return picture;
}

/// Whether the decoder is dead: on the grid, and by the clock, since slots that are made up for
/// pass faster than any decoder works.
void PictureFeed::watch(Clock::time_point start, bool alive) {
  silent_ = alive ? 0 : silent_ + 1;
  if (silent_ == 1) silent_since_ = start;
  if (grid_.time_of(silent_) <= kStandstill) return;
  if (Clock::now() - silent_since_ <= std::chrono::nanoseconds(kStandstill)) return;
  damage_ = Error(Fault::timeout, "the clip " + reader_->clip().uri + " gives no more pictures",
                  "look whether its storage still answers");
}

} // namespace aigc
