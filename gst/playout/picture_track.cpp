// SPDX-License-Identifier: LGPL-2.1-or-later
// See picture_track.h.
#include "playout/picture_track.h"

#include "playout/slate.h"
#include "playout/transition.h"

namespace aigc {

PictureTrack::PictureTrack(std::shared_ptr<Desk> desk, const std::string& slate_text)
    : desk_(std::move(desk)) {
  gst_video_info_from_caps(&info_, desk_->settings().video.get());
  slate_ = paint_slate(info_, slate_text);
  last_ = slate_;
}

PictureTrack::~PictureTrack() {
  retire(feed_);
  retire(fading_);
}

void PictureTrack::retire(std::optional<PictureFeed>& feed) {
  if (feed) desk_->give_back(feed->release());
  feed.reset();
}

PictureTrack::Result PictureTrack::play(guint64 number, gint64 utc,
                                        std::chrono::nanoseconds patience) {
  Result result;
  const auto before = span_;
  for (;;) {
    result.slot = desk_->slot(Side::video, number, utc);
    if (result.slot.ended) return result;
    enter(result.slot);
    show(result.slot, patience);
    if (!is_dead(result.slot)) break;
    fenced_ = true;
    desk_->fence(Side::video, *span_, number, *feed_->damage());
  }
  result.begins = span_ != before;
  if (result.begins && span_) desk_->settle(*span_);
  result.buffer = adopt(gst_buffer_copy(last_.get()));
  return result;
}

/// Whether the clip has just turned out bad: then the slot may go to another.
bool PictureTrack::is_dead(const Slot& slot) const {
  return slot.span && feed_ && feed_->damage() && !fenced_;
}

void PictureTrack::enter(const Slot& slot) {
  if (slot.span == span_) return;
  fenced_ = false;
  if (takes_back(slot.span.get(), span_.get())) {
    go_back();
    span_ = std::exchange(before_, nullptr);
    if (slot.span == span_) return;
  }
  const bool returns = goes_on_with(slot.span.get(), before_.get());
  const bool in_the_middle = breaks_into(slot.span.get(), span_.get());
  before_ = std::exchange(span_, slot.span);
  if (returns) {
    go_back();
    return;
  }
  retire(fading_);
  if (in_the_middle) fading_ = std::exchange(feed_, std::nullopt);
  retire(feed_);
  if (!span_ || !span_->item) return;
  if (auto reader = desk_->take_reader(Side::video, *span_))
    feed_.emplace(std::move(reader), desk_->settings().rules.grid);
}

void PictureTrack::go_back() {
  retire(feed_);
  feed_ = std::exchange(fading_, std::nullopt);
}

void PictureTrack::show(const Slot& slot, std::chrono::nanoseconds patience) {
  if (span_ && span_->tier == Tier::slate) last_ = slate_;
  if (!feed_) { // a repeat, or a clip that this side was too late for
    if (span_ && span_->item) desk_->hold_picture(*span_);
    return;
  }
  auto picture = feed_->at(slot.index + span_->played, patience);
  if (picture.held) desk_->hold_picture(*span_);
  if (feed_->damage() && !fenced_) return;
  if (!picture.buffer) return;
  last_ = std::move(picture.buffer);
  if (slot.index >= span_->fade) {
    retire(fading_);
  } else if (fading_) {
    auto from = fading_->at(slot.index + span_->first - span_->from, patience).buffer;
    const auto share = static_cast<double>(slot.index + 1) / static_cast<double>(span_->fade + 1);
    if (from) last_ = mix_frames(from.get(), last_.get(), info_, share);
  }
}

} // namespace aigc
