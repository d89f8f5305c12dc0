// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip's sound as exactly so many samples: cut where it is longer, silence where it has none.
#pragma once

#include "media/clip_reader.h"

#include <memory>

#include <gst/audio/audio.h>

namespace aigc {

/// A writable block of silence.
Ref<GstBuffer> silent_block(const GstAudioInfo& info, guint64 samples);

/// Where a clip's decoded blocks stand, in samples from its start.
class SoundPlaces {
 public:
  /// Of the first sample of the next block. One that begins about where the one before ended begins
  /// there.
  gint64 place(const ClipReader::Block& block, const GstAudioInfo& info);

 private:
  std::optional<gint64> expected_;
};

class ClipSound {
 public:
  /// @param reader of sound, or null for a clip that has none
  /// @param samples how many to give, per channel
  ClipSound(std::unique_ptr<ClipReader> reader, const GstAudioInfo& info, guint64 samples);

  /// The next block, which carries no timestamps yet; null after the last sample.
  /// Throws Error{Fault::cancelled}.
  Ref<GstBuffer> next();

  /// What kept the sound from being decoded, if anything.
  std::optional<Error> damage() const;

  std::unique_ptr<ClipReader> release() { return std::move(reader_); }

 private:
  bool fill();
  Ref<GstBuffer> silence(guint64 samples) const;

  std::unique_ptr<ClipReader> reader_;
  GstAudioInfo info_;
  guint64 samples_;
  guint64 position_ = 0;     ///< next sample to give
  Ref<GstBuffer> pending_;   ///< decoded, not given yet
  gint64 pending_start_ = 0; ///< its first sample
  SoundPlaces places_;
};

} // namespace aigc
