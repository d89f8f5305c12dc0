// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's sound for a live channel: exactly as many samples as asked for, silence where there are
// none or where they are not decoded in time.
#pragma once

#include "media/clip_sound.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include <gst/audio/audio.h>

namespace aigc {

class SoundFeed {
 public:
  /// @param reader of sound, or null for a clip that has none
  SoundFeed(std::unique_ptr<ClipReader> reader, const GstAudioInfo& info);

  /// The next `samples` per channel, without timestamps. Throws Error{Fault::cancelled}.
  Ref<GstBuffer> take(guint64 samples, std::chrono::nanoseconds patience);
  /// The next to give is `sample`, never one before.
  void go_to(guint64 sample) { position_ = std::max(position_, sample); }

  std::unique_ptr<ClipReader> release() { return std::move(reader_); }

 private:
  bool fill(std::chrono::nanoseconds patience);

  std::unique_ptr<ClipReader> reader_;
  GstAudioInfo info_;
  guint64 position_ = 0; ///< next sample to give
  Ref<GstBuffer> pending_;
  gint64 pending_start_ = 0; ///< its first sample
  SoundPlaces places_;
  bool ended_ = false;
};

} // namespace aigc
