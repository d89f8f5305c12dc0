// SPDX-License-Identifier: LGPL-2.1-or-later
// From one clip to the next: pictures and sound mixed, sound faded.
#pragma once

#include "base/ref.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

namespace aigc {

enum class Transition { cut, crossfade };

/// Whether mix_frames() can work on such frames: 8 bits a sample.
bool can_mix(const GstVideoInfo& info);
/// Whether mix_sound() and fade_sound() can work on such samples: S16, S32, F32, F64, interleaved.
bool can_mix(const GstAudioInfo& info);

/// `share` 0 = `from` alone, 1 = `to` alone. Strides may differ. Throws Error{Fault::read} when a
/// frame cannot be mapped.
Ref<GstBuffer> mix_frames(GstBuffer* from, GstBuffer* to, const GstVideoInfo& info, double share);

/// Two blocks of as many samples, with equal power; the shares hold at the first sample and behind
/// the last.
Ref<GstBuffer> mix_sound(GstBuffer* from, GstBuffer* to, const GstAudioInfo& info, double first,
                         double last);

/// The block with its loudness led linearly from `first` to `last`, 0..1.
Ref<GstBuffer> fade_sound(Ref<GstBuffer> block, const GstAudioInfo& info, double first,
                          double last);

} // namespace aigc
