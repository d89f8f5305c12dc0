// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides what joined clips look and sound like, from what downstream takes, what was asked for and
// what the first clip is.
#pragma once

#include "base/ref.h"
#include "media/probe.h"

namespace aigc {

/// What was asked for; 0 = not said.
struct VideoWish {
  int width = 0;
  int height = 0;
  int fps_n = 0;
  int fps_d = 1;
};

/// What the peer of `src` takes of that pad's template.
Ref<GstCaps> allowed_behind(GstPad* src);

/// What of `allowed` raw pictures with a frame rate can be.
/// Throws Error{Fault::negotiation} when nothing fits.
Ref<GstCaps> possible_video_caps(GstCaps* allowed);

/// Fixed caps out of `allowed`: its own choices first, then `wish`, then the clip. Where they leave
/// it open: I420, bt709, square pixels, progressive.
/// Throws Error{Fault::negotiation} when nothing fits.
Ref<GstCaps> choose_video_caps(GstCaps* allowed, VideoWish wish, const ClipInfo& clip);

/// Fixed caps out of `allowed`; where it leaves it open: S16LE, 48 kHz, stereo.
/// Throws Error{Fault::negotiation} when nothing fits.
Ref<GstCaps> choose_audio_caps(GstCaps* allowed);

} // namespace aigc
