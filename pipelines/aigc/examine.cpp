// SPDX-License-Identifier: LGPL-2.1-or-later
// Says what a finished file holds: a picture by its first bytes, anything else by GStreamer's
// discoverer, which takes a tenth of a second over a picture. Only what is surely no media is
// turned down: the file may have cost money, and the discoverer may be slow or lack a decoder.
#include "base/ref.h"
#include "launcher.h"
#include "media/picture.h"

#include <filesystem>

#include <gst/pbutils/pbutils.h>

namespace aigc::runner {
namespace {

/// Adds what `info` says about size and length.
void describe(GstDiscovererInfo* info, Made& made) {
  GList* pictures = gst_discoverer_info_get_video_streams(info);
  bool still = false;
  if (pictures) {
    auto* video = GST_DISCOVERER_VIDEO_INFO(pictures->data);
    made.width = static_cast<int>(gst_discoverer_video_info_get_width(video));
    made.height = static_cast<int>(gst_discoverer_video_info_get_height(video));
    still = gst_discoverer_video_info_is_image(video);
  }
  gst_discoverer_stream_info_list_free(pictures);
  const GstClockTime duration = gst_discoverer_info_get_duration(info);
  if (!still && GST_CLOCK_TIME_IS_VALID(duration))
    made.seconds = static_cast<double>(duration) / GST_SECOND;
}

bool has_streams(GstDiscovererInfo* info) {
  GList* streams = gst_discoverer_info_get_stream_list(info);
  gst_discoverer_stream_info_list_free(streams);
  return streams != nullptr;
}

} // namespace

std::optional<Made> examine(const std::string& path) {
  std::error_code error;
  Made made{.path = path, .bytes = std::filesystem::file_size(path, error)};
  if (error || made.bytes == 0) return {};
  if (const auto picture = sniff_picture_file(path)) {
    made.width = picture->width;
    made.height = picture->height;
    return made;
  }
  ErrorSlot problem;
  const auto discoverer = adopt(gst_discoverer_new(10 * GST_SECOND, problem.out()));
  if (!discoverer) return made;
  const std::string uri = take_string(gst_filename_to_uri(path.c_str(), nullptr));
  const auto info =
      adopt(gst_discoverer_discover_uri(discoverer.get(), uri.c_str(), problem.out()));
  if (!info) return made;
  switch (gst_discoverer_info_get_result(info.get())) {
  case GST_DISCOVERER_OK:
    if (!has_streams(info.get())) return {};
    describe(info.get(), made);
    return made;
  case GST_DISCOVERER_ERROR:
    return {};
  default:
    return made;
  }
}

} // namespace aigc::runner
