// SPDX-License-Identifier: LGPL-2.1-or-later
// See picture_output.h.
#include "picture_output.h"

#include "media/picture.h"

#include <array>

#include <gst/video/video.h>

namespace aigc {

namespace {

constexpr std::array<const char*, 3> kEncodings = {"image/png", "image/jpeg", "image/webp"};

/// sRGB, square pixels, progressive, a still.
Ref<GstCaps> pixel_caps() {
  return adopt(
      gst_caps_from_string("video/x-raw, format=(string)RGBA, framerate=(fraction)0/1, "
                           "pixel-aspect-ratio=(fraction)1/1, interlace-mode=(string)progressive, "
                           "colorimetry=(string)sRGB, width=(int)[1,8192], height=(int)[1,8192]"));
}

void set_side(GstStructure* structure, const char* name, int asked, int fallback) {
  if (asked)
    gst_structure_set(structure, name, G_TYPE_INT, asked, nullptr);
  else
    gst_structure_fixate_field_nearest_int(structure, name, fallback);
}

/// The pixels themselves, not a copy.
Ref<GstBuffer> pixel_buffer(std::shared_ptr<const Raster> raster) {
  using Kept = std::shared_ptr<const Raster>;
  auto* kept = new Kept(std::move(raster));
  const Raster& pixels = **kept;
  const gsize size = pixels.rgba.size();
  auto buffer = adopt(gst_buffer_new_wrapped_full(
      GST_MEMORY_FLAG_READONLY, const_cast<std::uint8_t*>(pixels.rgba.data()), size, 0, size, kept,
      [](gpointer data) { delete static_cast<Kept*>(data); }));
  gst_buffer_add_video_meta(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA,
                            static_cast<guint>(pixels.width), static_cast<guint>(pixels.height));
  return buffer;
}

} // namespace

PictureOutput PictureOutput::choose(GstCaps* allowed, const std::string& delivered, Size asked,
                                    Size fallback) {
  PictureOutput output;
  const auto try_encoding = [&](const std::string& mime) {
    auto caps = adopt(gst_caps_new_empty_simple(mime.c_str()));
    if (!gst_caps_can_intersect(caps.get(), allowed)) return false;
    output.caps_ = std::move(caps);
    output.mime_ = mime;
    return true;
  };
  if (try_encoding(delivered)) return output;

  auto wanted = pixel_caps();
  auto pixels = adopt(gst_caps_intersect_full(allowed, wanted.get(), GST_CAPS_INTERSECT_FIRST));
  for (guint i = 0; i < gst_caps_get_size(pixels.get()); ++i) {
    auto fixed = adopt(gst_caps_copy_nth(pixels.get(), i));
    GstStructure* structure = gst_caps_get_structure(fixed.get(), 0);
    set_side(structure, "width", asked.width, fallback.width);
    set_side(structure, "height", asked.height, fallback.height);
    fixed = adopt(gst_caps_fixate(fixed.leak()));
    if (!gst_caps_can_intersect(fixed.get(), allowed)) continue;
    structure = gst_caps_get_structure(fixed.get(), 0);
    gst_structure_get_int(structure, "width", &output.size_.width);
    gst_structure_get_int(structure, "height", &output.size_.height);
    output.caps_ = std::move(fixed);
    return output;
  }
  for (const char* mime : kEncodings)
    if (try_encoding(mime)) return output;

  const std::string theirs = take_string(gst_caps_to_string(allowed));
  throw Error(Fault::negotiation,
              "nothing behind takes a picture: it wants " +
                  (gst_caps_is_empty(allowed) ? std::string("nothing") : theirs),
              "accept image/png, image/jpeg, image/webp or video/x-raw, format=RGBA, "
              "framerate=0/1 at the size asked for (videoconvert and videoscale convert it)");
}

Ref<GstBuffer> PictureOutput::make(GBytes* picture, Cancel& cancel,
                                   std::shared_ptr<const Raster> decoded) const {
  if (!mime_.empty() && sniff_picture(picture).mime == mime_)
    return adopt(gst_buffer_new_wrapped_bytes(picture));
  if (!decoded) decoded = std::make_shared<Raster>(decode_picture(picture, cancel));
  if (!mime_.empty())
    return adopt(gst_buffer_new_wrapped_bytes(encode_picture(*decoded, mime_, cancel).get()));
  if (decoded->width != size_.width || decoded->height != size_.height)
    decoded = std::make_shared<Raster>(fit_picture(*decoded, size_.width, size_.height));
  return pixel_buffer(std::move(decoded));
}

} // namespace aigc
