// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_sound.h.
#include "media/clip_sound.h"

#include <algorithm>

namespace aigc {
namespace {

/// Timestamps that jitter less than this (containers that count milliseconds) are no gap.
constexpr gint64 kJitterMs = 40;

} // namespace

Ref<GstBuffer> silent_block(const GstAudioInfo& info, guint64 samples) {
  auto buffer =
      adopt(gst_buffer_new_allocate(nullptr, samples * GST_AUDIO_INFO_BPF(&info), nullptr));
  BufferMap map(buffer.get(), GST_MAP_WRITE);
  gst_audio_format_info_fill_silence(info.finfo, map.data(), map.size());
  return buffer;
}

gint64 SoundPlaces::place(const ClipReader::Block& block, const GstAudioInfo& info) {
  const gint64 rate = GST_AUDIO_INFO_RATE(&info);
  const auto size = gint64(gst_buffer_get_size(block.buffer.get()) / GST_AUDIO_INFO_BPF(&info));
  const guint64 distance = gst_util_uint64_scale_round(std::abs(block.time), rate, GST_SECOND);
  gint64 start = block.time < 0 ? -gint64(distance) : gint64(distance);
  if (expected_ && std::abs(start - *expected_) < rate * kJitterMs / 1000) start = *expected_;
  expected_ = start + size;
  return start;
}

ClipSound::ClipSound(std::unique_ptr<ClipReader> reader, const GstAudioInfo& info, guint64 samples)
    : reader_(std::move(reader)), info_(info), samples_(samples) {}

std::optional<Error> ClipSound::damage() const {
  return reader_ ? reader_->trouble() : std::nullopt;
}

Ref<GstBuffer> ClipSound::silence(guint64 samples) const {
  auto buffer = silent_block(info_, samples);
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_GAP);
  return buffer;
}

/// Makes `pending_` hold something at or after `position_`; false when there is no more.
bool ClipSound::fill() {
  const gsize frame = GST_AUDIO_INFO_BPF(&info_);
  while (reader_) {
    if (pending_) {
      const auto size = gint64(gst_buffer_get_size(pending_.get()) / frame);
      const gint64 early = gint64(position_) - pending_start_;
      if (early <= 0 && size > 0) return true;
      if (early < size) {
        pending_ = adopt(gst_buffer_copy_region(pending_.get(), GST_BUFFER_COPY_MEMORY,
                                                early * frame, (size - early) * frame));
        pending_start_ = gint64(position_);
        return true;
      }
      pending_.reset();
    }
    auto block = reader_->read();
    if (!block) return false;
    if (gst_buffer_get_size(block->buffer.get()) < frame) continue; // decoders may give none
    pending_start_ = places_.place(*block, info_);
    pending_ = std::move(block->buffer);
  }
  return false;
}

Ref<GstBuffer> ClipSound::next() {
  const guint64 left = samples_ - position_;
  if (left == 0) return nullptr;
  const guint64 longest_silence = GST_AUDIO_INFO_RATE(&info_) / 10;
  Ref<GstBuffer> block;
  guint64 size = std::min(left, longest_silence);
  if (!fill()) {
    block = silence(size);
  } else if (pending_start_ > gint64(position_)) {
    size = std::min<guint64>(size, pending_start_ - position_);
    block = silence(size);
  } else {
    const gsize frame = GST_AUDIO_INFO_BPF(&info_);
    const guint64 has = gst_buffer_get_size(pending_.get()) / frame;
    size = std::min(left, has);
    block = adopt(gst_buffer_copy_region(pending_.get(), GST_BUFFER_COPY_MEMORY, 0, size * frame));
    pending_.reset(); // what is left of it lies behind the end
  }
  position_ += size;
  return block;
}

} // namespace aigc
