// SPDX-License-Identifier: LGPL-2.1-or-later
// See output_format.h.
#include "media/output_format.h"

#include <algorithm>

#include <gst/audio/audio.h>

namespace aigc {
namespace {

/// Narrows `caps` to `wish` where that leaves anything.
void prefer(Ref<GstCaps>& caps, const char* wish) {
  auto wanted = adopt(gst_caps_from_string(wish));
  auto both = adopt(gst_caps_intersect_full(caps.get(), wanted.get(), GST_CAPS_INTERSECT_FIRST));
  if (!gst_caps_is_empty(both.get())) caps = std::move(both);
}

/// Caps for an error message: the list of all formats helps nobody.
std::string brief(GstCaps* caps) {
  constexpr size_t longest = 200;
  auto shown = adopt(gst_caps_copy(caps));
  for (guint i = 0; i < gst_caps_get_size(shown.get()); ++i) {
    GstStructure* structure = gst_caps_get_structure(shown.get(), i);
    if (!gst_structure_get_string(structure, "format"))
      gst_structure_remove_field(structure, "format");
  }
  std::string text = take_string(gst_caps_to_string(shown.get()));
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

Ref<GstCaps> restrict_to(GstCaps* allowed, const char* ours, const char* remedy) {
  auto all = adopt(gst_caps_from_string(ours));
  auto caps = adopt(gst_caps_intersect_full(allowed, all.get(), GST_CAPS_INTERSECT_FIRST));
  if (!gst_caps_is_empty(caps.get())) return caps;
  throw Error(Fault::negotiation, "downstream takes only " + brief(allowed), remedy);
}

int even(double size) {
  return std::max(2, static_cast<int>(size / 2 + 0.5) * 2);
}

/// One side asked for, the other follows the clip's shape.
void complete(VideoWish& wish, const ClipInfo& clip) {
  const bool known = clip.width > 0 && clip.height > 0;
  const double aspect = known ? double(clip.width) / clip.height : 16.0 / 9;
  if (wish.width == 0 && wish.height == 0) {
    wish.width = known ? clip.width : 1280;
    wish.height = known ? clip.height : 720;
  }
  if (wish.height == 0) wish.height = even(wish.width / aspect);
  if (wish.width == 0) wish.width = even(wish.height * aspect);
  if (wish.fps_n == 0) {
    wish.fps_n = clip.fps_n > 0 ? clip.fps_n : 30;
    wish.fps_d = clip.fps_n > 0 ? clip.fps_d : 1;
  }
}

bool fixed_int(const GstStructure* structure, const char* field) {
  int value = 0;
  return gst_structure_get_int(structure, field, &value);
}

void fixate_size(GstStructure* structure, const VideoWish& wish) {
  const double aspect = double(wish.width) / wish.height;
  int width = wish.width, height = wish.height;
  if (fixed_int(structure, "width") && !fixed_int(structure, "height")) {
    gst_structure_get_int(structure, "width", &width);
    if (width != wish.width) height = even(width / aspect);
  } else if (fixed_int(structure, "height") && !fixed_int(structure, "width")) {
    gst_structure_get_int(structure, "height", &height);
    if (height != wish.height) width = even(height * aspect);
  }
  gst_structure_fixate_field_nearest_int(structure, "width", width);
  gst_structure_fixate_field_nearest_int(structure, "height", height);
}

} // namespace

Ref<GstCaps> allowed_behind(GstPad* src) {
  const auto ours = adopt(gst_pad_get_pad_template_caps(src));
  return adopt(gst_pad_peer_query_caps(src, ours.get()));
}

Ref<GstCaps> possible_video_caps(GstCaps* allowed) {
  return restrict_to(allowed,
                     "video/x-raw, format=(string)" GST_VIDEO_FORMATS_ALL
                     ", width=(int)[1, 16384], height=(int)[1, 16384],"
                     " framerate=(fraction)[1/max, max]",
                     "put videoconvert and videoscale behind, or ask for other caps");
}

Ref<GstCaps> choose_video_caps(GstCaps* allowed, VideoWish wish, const ClipInfo& clip) {
  auto caps = possible_video_caps(allowed);
  prefer(caps, "video/x-raw, interlace-mode=(string)progressive");
  prefer(caps, "video/x-raw, pixel-aspect-ratio=(fraction)1/1");
  prefer(caps, "video/x-raw, format=(string)I420");
  caps = adopt(gst_caps_make_writable(gst_caps_truncate(caps.leak())));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_fixate_field(structure, "format");
  const auto* format = gst_video_format_get_info(
      gst_video_format_from_string(gst_structure_get_string(structure, "format")));
  prefer(caps, GST_VIDEO_FORMAT_INFO_IS_RGB(format) ? "video/x-raw, colorimetry=(string)sRGB"
                                                    : "video/x-raw, colorimetry=(string)bt709");
  complete(wish, clip);
  caps = adopt(gst_caps_make_writable(caps.leak()));
  structure = gst_caps_get_structure(caps.get(), 0);
  fixate_size(structure, wish);
  gst_structure_fixate_field_nearest_fraction(structure, "framerate", wish.fps_n, wish.fps_d);
  return adopt(gst_caps_fixate(caps.leak()));
}

Ref<GstCaps> choose_audio_caps(GstCaps* allowed) {
  auto caps = restrict_to(allowed,
                          "audio/x-raw, format=(string)" GST_AUDIO_FORMATS_ALL
                          ", rate=(int)[1, max], channels=(int)[1, 64],"
                          " layout=(string)interleaved",
                          "put audioconvert and audioresample behind, or ask for other caps");
  prefer(caps, "audio/x-raw, format=(string)S16LE");
  prefer(caps, "audio/x-raw, rate=(int)48000");
  prefer(caps, "audio/x-raw, channels=(int)2");
  caps = adopt(gst_caps_make_writable(gst_caps_truncate(caps.leak())));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_fixate_field_nearest_int(structure, "rate", 48000);
  gst_structure_fixate_field_nearest_int(structure, "channels", 2);
  int channels = 2;
  gst_structure_get_int(structure, "channels", &channels);
  if (channels > 1 && !gst_structure_has_field(structure, "channel-mask"))
    gst_structure_set(structure, "channel-mask", GST_TYPE_BITMASK,
                      gst_audio_channel_get_fallback_mask(channels), nullptr);
  return adopt(gst_caps_fixate(caps.leak()));
}

} // namespace aigc
