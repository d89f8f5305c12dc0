// SPDX-License-Identifier: LGPL-2.1-or-later
// See sound_track.h.
#include "playout/sound_track.h"

#include "playout/transition.h"

#include <algorithm>

namespace aigc {
namespace {

constexpr int kEdgeMs = 10; ///< a hard cut of sound clicks without
constexpr int kTailMs = 20; ///< of what was cut off in the middle

} // namespace

SoundTrack::SoundTrack(std::shared_ptr<Desk> desk) : desk_(std::move(desk)) {
  gst_audio_info_from_caps(&info_, desk_->settings().audio.get());
  mixes_ = can_mix(info_);
}

SoundTrack::~SoundTrack() {
  retire(feed_);
  retire(tail_);
}

void SoundTrack::retire(std::optional<SoundFeed>& feed) {
  if (feed) desk_->give_back(feed->release());
  feed.reset();
}

guint64 SoundTrack::samples_of(guint64 number) const {
  const Grid& grid = desk_->settings().rules.grid;
  const int rate = GST_AUDIO_INFO_RATE(&info_);
  return grid.sample_of(number + 1, rate) - grid.sample_of(number, rate);
}

guint64 SoundTrack::tail_samples() const {
  return static_cast<guint64>(GST_AUDIO_INFO_RATE(&info_)) * kTailMs / 1000;
}

SoundTrack::Result SoundTrack::play(guint64 number, gint64 utc, std::chrono::nanoseconds patience) {
  Result result;
  result.slot = desk_->slot(Side::audio, number, utc);
  if (result.slot.ended) return result;
  result.begins = result.slot.span != span_;
  const bool starts = enter(result.slot, number);
  const guint64 samples = samples_of(number);
  result.buffer = feed_ ? feed_->take(samples, patience) : silent_block(info_, samples);
  if (!feed_) GST_BUFFER_FLAG_SET(result.buffer.get(), GST_BUFFER_FLAG_GAP);
  if (mixes_) smooth(result, starts, number, patience);
  index_ = result.slot.index;
  return result;
}

/// Whether the sound of another clip begins.
bool SoundTrack::enter(const Slot& slot, guint64 number) {
  if (slot.span == span_) {
    if (!span_ || slot.index >= span_->fade || share_ >= 1) retire(tail_);
    return false;
  }
  const bool taken_back = takes_back(slot.span.get(), span_.get());
  if (go_back(slot)) {
    seek(number);
    return false;
  }
  const bool fades = breaks_into(slot.span.get(), span_.get()) && slot.span->fade > 0;
  const bool cut_off = !taken_back && span_ && span_->item && index_ + 1 < span_->planned;
  fades_ = feed_ && fades;
  if (feed_ && (fades || cut_off)) {
    retire(tail_);
    tail_ = std::exchange(feed_, std::nullopt);
  }
  share_ = tail_ ? 0 : 1;
  retire(feed_);
  before_ = std::exchange(span_, slot.span);
  if (!span_ || !span_->item) return false;
  auto reader = desk_->take_reader(Side::audio, *span_);
  if (!reader) return false;
  feed_.emplace(std::move(reader), info_);
  seek(number);
  return true;
}

/// Where what is on air was taken back, or turned bad while it faded in, what was before goes on,
/// and the sound of the bad one becomes the tail, as loud as it was. Whether that is all.
bool SoundTrack::go_back(const Slot& slot) {
  const bool taken_back = takes_back(slot.span.get(), span_.get());
  const bool returns = goes_on_with(slot.span.get(), before_.get());
  if (!taken_back && !returns) {
    retire(tail_);
    return false;
  }
  std::swap(feed_, tail_);
  share_ = 1 - share_;
  fades_ = false;
  span_ = returns ? slot.span : before_;
  before_.reset();
  return slot.span == span_;
}

void SoundTrack::seek(guint64 number) {
  if (!feed_) return;
  const Grid& grid = desk_->settings().rules.grid;
  const int rate = GST_AUDIO_INFO_RATE(&info_);
  feed_->go_to(grid.sample_of(number, rate) - grid.sample_of(span_->first - span_->played, rate));
}

/// Leads the sound over the seams.
void SoundTrack::smooth(Result& result, bool starts, guint64 number,
                        std::chrono::nanoseconds patience) {
  const guint64 samples = samples_of(number);
  const auto rate = static_cast<guint64>(GST_AUDIO_INFO_RATE(&info_));
  const guint64 edge = std::min(samples, rate * kEdgeMs / 1000);
  GstBuffer* block = result.buffer.get();
  if (tail_ || (feed_ && share_ < 1)) {
    cross(result, samples, patience);
  } else if (starts && number > 0) {
    fade_part(block, 0, edge, 0, 1);
  }
  if (result.slot.is_last && feed_) fade_part(block, samples - edge, edge, 1, 0);
}

/// What was on air before fades into what is on air now.
void SoundTrack::cross(Result& result, guint64 samples, std::chrono::nanoseconds patience) {
  double first = share_, last = 1;
  guint64 length = std::min(samples, tail_samples());
  if (const guint64 fade = fades_ ? span_->fade : 0; result.slot.index < fade) {
    length = samples;
    first = static_cast<double>(result.slot.index) / static_cast<double>(fade);
    last = static_cast<double>(result.slot.index + 1) / static_cast<double>(fade);
  }
  auto before = tail_ ? tail_->take(length, patience) : silent_block(info_, length);
  auto now = part(result.buffer.get(), 0, length);
  auto mixed = mix_sound(before.get(), now.get(), info_, first, last);
  put(result.buffer.get(), 0, mixed.get());
  share_ = last;
}

Ref<GstBuffer> SoundTrack::part(GstBuffer* block, guint64 start, guint64 samples) const {
  const gsize frame = GST_AUDIO_INFO_BPF(&info_);
  const auto flags = static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_DEEP);
  return adopt(gst_buffer_copy_region(block, flags, start * frame, samples * frame));
}

void SoundTrack::put(GstBuffer* block, guint64 start, GstBuffer* part) const {
  BufferMap map(part, GST_MAP_READ);
  if (!map) return;
  gst_buffer_fill(block, start * GST_AUDIO_INFO_BPF(&info_), map.data(), map.size());
  GST_BUFFER_FLAG_UNSET(block, GST_BUFFER_FLAG_GAP);
}

void SoundTrack::fade_part(GstBuffer* block, guint64 start, guint64 samples, double first,
                           double last) const {
  auto faded = fade_sound(part(block, start, samples), info_, first, last);
  put(block, start, faded.get());
}

} // namespace aigc
