// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipplayout_settings.h.
#include "clipplayout_settings.h"

#include "media/output_format.h"
#include "stage/pads.h"

namespace aigc {

// Encoders that take another sample format than most, such as avenc_aac, need no converter.

Ref<GstCaps> AirFormats::default_video() {
  constexpr char rest[] = "width=(int)1280, height=(int)720, framerate=(fraction)25/1,"
                          " pixel-aspect-ratio=(fraction)1/1, interlace-mode=(string)progressive";
  const std::string usual = "video/x-raw, format=(string)I420, colorimetry=(string)bt709, ";
  return adopt(gst_caps_from_string((usual + rest + "; video/x-raw, " + rest).c_str()));
}

Ref<GstCaps> AirFormats::default_audio() {
  constexpr char rest[] = "rate=(int)48000, channels=(int)2, layout=(string)interleaved";
  const std::string usual = "audio/x-raw, format=(string)S16LE, ";
  return adopt(gst_caps_from_string((usual + rest + "; audio/x-raw, " + rest).c_str()));
}

const PropertyTable<PlayoutSettings>& PlayoutSettings::table() {
  constexpr auto longest = static_cast<double>(G_MAXUINT64);
  using S = PlayoutSettings;
  static const PropertyTable<S> properties({
      {"low-water",
       "Ready air in ns below which the reserve is in danger, max = from the measured latency "
       "(default: max)",
       &S::low_water, Mutable::ready, 0, longest},
      {"high-water",
       "Ready air in ns above which nothing more is ordered, max = from the measured latency "
       "(default: max)",
       &S::high_water, Mutable::ready, 0, longest},
      {"repeat-frame-max",
       "How long in ns the last picture stays when nothing is ready (default: 500000000)",
       &S::repeat_frame_max, Mutable::ready, 0, longest},
      {"reair", "Whether clips that were on air fill in for missing ones (default: none)",
       &S::reair, Mutable::ready, 0, 0, gst_clip_reair_get_type},
      {"reair-min-gap",
       "Least time in ns a clip is off the air before it is aired again; until then fillers and "
       "the "
       "slate fill in (default: 60000000000)",
       &S::reair_min_gap, Mutable::ready, 0, longest},
      {"filler", "File or folder of clips that fill in for missing ones (default: none)",
       &S::filler},
      {"slate-text", "Text on the picture that is shown when there is nothing else (default: none)",
       &S::slate_text},
      {"return-policy", "When an item follows a clip that fills in (default: item-end)",
       &S::return_policy, Mutable::ready, 0, 0, gst_clip_return_policy_get_type},
      {"transition", "How an item follows the one before (default: cut)", &S::transition,
       Mutable::ready, 0, 0, gst_clip_transition_get_type},
      {"transition-time", "Length of a crossfade in ns (default: 500000000)", &S::transition_time,
       Mutable::ready, 0, static_cast<double>(10 * GST_SECOND)},
      {"as-run",
       "File, .jsonl or .csv, else both, to which what was on air is written (default: none)",
       &S::as_run},
      {"allow-preview",
       "Let clips of the preview backend go on air, for rehearsals (default: false)",
       &S::allow_preview},
      {"veto-timeout",
       "Time in ms clip-ready handlers have to answer; no answer means no (default: 5000)",
       &S::veto_timeout, Mutable::ready, 1, 600'000},
  });
  return properties;
}

DeskSettings PlayoutSettings::for_desk(Ref<GstCaps> video, Ref<GstCaps> audio) const {
  DeskSettings desk;
  GstVideoInfo pictures;
  gst_video_info_from_caps(&pictures, video.get());
  Grid& grid = desk.rules.grid;
  grid.fps_n = GST_VIDEO_INFO_FPS_N(&pictures);
  grid.fps_d = GST_VIDEO_INFO_FPS_D(&pictures);
  if (repeat_frame_max > 0) desk.rules.repeat_max = grid.frames_in(repeat_frame_max);
  desk.rules.immediate = return_policy == static_cast<int>(ReturnPolicy::immediate);
  const bool mixes = transition == static_cast<int>(Transition::crossfade) && can_mix(pictures);
  if (mixes && transition_time > 0) desk.rules.fade = grid.frames_in(transition_time);
  desk.video = std::move(video);
  desk.audio = std::move(audio);
  desk.low = low_water;
  desk.high = high_water;
  desk.reair = static_cast<Reair>(reair);
  desk.reair_min_gap = reair_min_gap;
  desk.filler = filler;
  desk.as_run = as_run;
  desk.allow_preview = allow_preview;
  desk.veto_timeout = std::chrono::milliseconds(veto_timeout);
  return desk;
}

/// What of `asked` the peer of `pad` takes.
static Ref<GstCaps> both(GstPad* pad, GstCaps* asked, const char* property) {
  const auto allowed = allowed_behind(pad);
  auto caps = adopt(gst_caps_intersect_full(asked, allowed.get(), GST_CAPS_INTERSECT_FIRST));
  if (!gst_caps_is_empty(caps.get())) return caps;
  throw Error(Fault::negotiation,
              std::string("downstream of the ") + GST_PAD_NAME(pad) + " pad does not take " +
                  take_string(gst_caps_to_string(asked)),
              std::string("set ") + property + ", or put converters behind");
}

Ref<GstCaps> air_video_caps(GstPad* pad, GstCaps* asked) {
  const VideoWish wish{1280, 720, 25, 1};
  return choose_video_caps(both(pad, asked, "video-caps").get(), wish, ClipInfo{});
}

Ref<GstCaps> air_audio_caps(GstPad* pad, GstCaps* asked) {
  return choose_audio_caps(both(pad, asked, "audio-caps").get());
}

} // namespace aigc

using namespace aigc;

GType gst_clip_reair_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Reair::none), "Never", "none"},
      {static_cast<int>(Reair::lru), "The one off the air for longest", "lru"},
      {static_cast<int>(Reair::shuffle), "Any", "shuffle"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstClipReair", values);
  return type;
}

GType gst_clip_return_policy_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(ReturnPolicy::item_end), "When the clip that fills in is over", "item-end"},
      {static_cast<int>(ReturnPolicy::immediate), "As soon as it is ready", "immediate"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstClipReturnPolicy", values);
  return type;
}

GType gst_clip_transition_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Transition::cut), "At once", "cut"},
      {static_cast<int>(Transition::crossfade), "One fades into the other", "crossfade"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstClipTransition", values);
  return type;
}
