// SPDX-License-Identifier: LGPL-2.1-or-later
// See raw_frame.h.
#include "media/raw_frame.h"

#include <gst/video/video.h>

namespace aigc {

namespace {

class Frame {
 public:
  Frame(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags) {
    mapped_ = gst_video_frame_map(&frame_, &info, buffer, flags);
    if (!mapped_) throw Error(Fault::format, "a frame does not match its caps");
  }
  ~Frame() { gst_video_frame_unmap(&frame_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  GstVideoFrame* get() { return &frame_; }

 private:
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

struct FreeConverter {
  void operator()(GstVideoConverter* converter) const { gst_video_converter_free(converter); }
};

} // namespace

Raster raster_of_frame(GstBuffer* buffer, GstCaps* caps) {
  GstVideoInfo from;
  if (!gst_video_info_from_caps(&from, caps))
    throw Error(Fault::format, "the caps of the frame are not complete",
                "put videoconvert in front");
  GstVideoInfo to;
  gst_video_info_set_format(&to, GST_VIDEO_FORMAT_RGBA, from.width, from.height);
  to.fps_n = from.fps_n;
  to.fps_d = from.fps_d;
  std::unique_ptr<GstVideoConverter, FreeConverter> converter(
      gst_video_converter_new(&from, &to, nullptr));
  if (!converter)
    throw Error(Fault::format, "the frame cannot be converted to RGBA",
                "put videoconvert in front");
  auto pixels = adopt(gst_buffer_new_allocate(nullptr, to.size, nullptr));
  {
    Frame source(from, buffer, GST_MAP_READ);
    Frame target(to, pixels.get(), GST_MAP_WRITE);
    gst_video_converter_frame(converter.get(), source.get(), target.get());
  }
  Raster raster{from.width, from.height, std::vector<std::uint8_t>(to.size)};
  gst_buffer_extract(pixels.get(), 0, raster.rgba.data(), raster.rgba.size());
  return raster;
}

} // namespace aigc
