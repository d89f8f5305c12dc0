// SPDX-License-Identifier: LGPL-2.1-or-later
// See sound_feed.h.
#include "playout/sound_feed.h"

#include <algorithm>
#include <cstring>

namespace aigc {
namespace {

using Clock = std::chrono::steady_clock;

} // namespace

SoundFeed::SoundFeed(std::unique_ptr<ClipReader> reader, const GstAudioInfo& info)
    : reader_(std::move(reader)), info_(info), ended_(!reader_) {}

/// Makes `pending_` hold something at or after `position_`; false when there is none, or not yet.
bool SoundFeed::fill(std::chrono::nanoseconds patience) {
  const auto deadline = Clock::now() + patience;
  const gsize frame = GST_AUDIO_INFO_BPF(&info_);
  for (;;) {
    if (pending_) {
      const auto size = gint64(gst_buffer_get_size(pending_.get()) / frame);
      if (size > 0 && pending_start_ + size > gint64(position_)) return true;
      pending_.reset();
    }
    if (ended_) return false;
    const auto left = std::max<Clock::duration>(deadline - Clock::now(), Clock::duration(0));
    if (!reader_->wait_block(left)) return false;
    auto block = reader_->read();
    ended_ = !block;
    if (ended_) continue;
    pending_start_ = places_.place(*block, info_);
    pending_ = std::move(block->buffer);
  }
}

Ref<GstBuffer> SoundFeed::take(guint64 samples, std::chrono::nanoseconds patience) {
  const auto deadline = Clock::now() + patience;
  const gsize frame = GST_AUDIO_INFO_BPF(&info_);
  auto out = silent_block(info_, samples);
  const auto first = gint64(position_);
  const auto end = gint64(position_ + samples);
  bool any = false;
  while (gint64(position_) < end) {
    const auto left = std::max<Clock::duration>(deadline - Clock::now(), Clock::duration(0));
    if (!fill(left) || pending_start_ >= end) break;
    BufferMap from(pending_.get(), GST_MAP_READ);
    BufferMap to(out.get(), GST_MAP_WRITE);
    if (!from || !to) break;
    const gint64 start = std::max(pending_start_, gint64(position_));
    const gint64 stop = std::min(pending_start_ + gint64(from.size() / frame), end);
    std::memcpy(to.data() + (start - first) * frame, from.data() + (start - pending_start_) * frame,
                (stop - start) * frame);
    position_ = guint64(stop);
    any = true;
  }
  position_ = guint64(end);
  if (!any) GST_BUFFER_FLAG_SET(out.get(), GST_BUFFER_FLAG_GAP);
  return out;
}

} // namespace aigc
