// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of clipplayout.
#pragma once

#include "playout/board.h"
#include "playout/transition.h"
#include "stage/properties.h"

namespace aigc {

enum class ReturnPolicy { item_end, immediate };

struct PlayoutSettings {
  guint64 low_water = GST_CLOCK_TIME_NONE;
  guint64 high_water = GST_CLOCK_TIME_NONE;
  guint64 repeat_frame_max = 500 * GST_MSECOND;
  int reair = static_cast<int>(Reair::none);
  guint64 reair_min_gap = 60 * GST_SECOND;
  std::string filler;
  std::string slate_text;
  int return_policy = static_cast<int>(ReturnPolicy::item_end);
  int transition = static_cast<int>(Transition::cut);
  guint64 transition_time = 500 * GST_MSECOND;
  std::string as_run;
  bool allow_preview = false;
  guint veto_timeout = 5000;

  /// All but `video-caps`, `audio-caps` and `stats`, which come behind them.
  static const PropertyTable<PlayoutSettings>& table();

  /// Once the formats stand.
  DeskSettings for_desk(Ref<GstCaps> video, Ref<GstCaps> audio) const;
};

/// What is asked for of pictures and sound.
struct AirFormats {
  Ref<GstCaps> video = default_video();
  Ref<GstCaps> audio = default_audio();

  static Ref<GstCaps> default_video();
  static Ref<GstCaps> default_audio();
};

/// The formats as asked for, and as downstream of the pads takes them; null for a pad nobody takes
/// from. Throws Error{Fault::negotiation}.
Ref<GstCaps> air_video_caps(GstPad* pad, GstCaps* asked);
Ref<GstCaps> air_audio_caps(GstPad* pad, GstCaps* asked);

} // namespace aigc

/// Types of the plugin's API.
GType gst_clip_reair_get_type();
GType gst_clip_return_policy_get_type();
GType gst_clip_transition_get_type();
