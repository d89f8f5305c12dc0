// SPDX-License-Identifier: LGPL-2.1-or-later
// See sound_feed.h.
#include "playout/sound_feed.h"

#include <algorithm>
#include <cstring>

namespace aigc {
namespace {

/// Timestamps that jitter less than this (containers that count milliseconds) are no gap.
constexpr gint64 kJitterMs = 40;

using Clock = std::chrono::steady_clock;

} // namespace

Ref<GstBuffer> silent_block(const GstAudioInfo& info, guint64 samples) {
  auto buffer =
      adopt(gst_buffer_new_allocate(nullptr, samples * GST_AUDIO_INFO_BPF(&info), nullptr));
  BufferMap map(buffer.get(), GST_MAP_WRITE);
  gst_audio_format_info_fill_silence(info.finfo, map.data(), map.size());
  return buffer;
}

SoundFeed::SoundFeed(std::unique_ptr<ClipReader> reader, const GstAudioInfo& info)
    : reader_(std::move(reader)), info_(info), ended_(!reader_) {}

void SoundFeed::place(ClipReader::Block block) {
  const gint64 rate = GST_AUDIO_INFO_RATE(&info_);
  const auto size = gint64(gst_buffer_get_size(block.buffer.get()) / GST_AUDIO_INFO_BPF(&info_));
  const guint64 distance = gst_util_uint64_scale_round(std::abs(block.time), rate, GST_SECOND);
  gint64 start = block.time < 0 ? -gint64(distance) : gint64(distance);
  if (expected_ && std::abs(start - *expected_) < rate * kJitterMs / 1000) start = *expected_;
  expected_ = start + size;
  pending_start_ = start;
  pending_ = std::move(block.buffer);
}

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
    if (block)
      place(std::move(*block));
    else
      ended_ = true;
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
