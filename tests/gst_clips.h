// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes clips as servers of one's own deliver them, with GStreamer: WebM, and AVI of JPEGs.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include <gst/gst.h>

namespace clips {

inline constexpr const char* kVp8 = "vp8enc deadline=1 ! webmmux";
inline constexpr const char* kVp9 = "vp9enc deadline=1 ! webmmux";
inline constexpr const char* kMjpeg = "jpegenc ! avimux";

/// Writes `frames` pictures of a ball, 160x120 at 16 a second, the way `coding` says.
inline void film(const std::string& path, const char* coding, int frames = 33) {
  const std::string line = "videotestsrc pattern=ball num-buffers=" + std::to_string(frames) +
                           " ! video/x-raw,width=160,height=120,framerate=16/1 ! " + coding +
                           " ! filesink location=\"" + path + "\"";
  g_autoptr(GError) error = nullptr;
  g_autoptr(GstElement) pipeline = gst_parse_launch(line.c_str(), &error);
  ASSERT_TRUE(pipeline) << error->message;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
  g_autoptr(GstMessage) end = gst_bus_timed_pop_filtered(
      bus, 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  ASSERT_TRUE(end && GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS) << line;
}

/// The first `part` of a file in a file of its own.
inline std::string cut(const std::string& path, double part) {
  const std::string shorter = path + ".cut";
  std::filesystem::copy_file(path, shorter, std::filesystem::copy_options::overwrite_existing);
  const auto size = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::resize_file(shorter, static_cast<std::uintmax_t>(part * size));
  return shorter;
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// An animated WebP of no pictures: as much of it as anybody looks at.
inline std::string moving_webp() {
  return {"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x9f\0\0\x77\0\0", 30};
}

} // namespace clips
