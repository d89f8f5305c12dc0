// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks GStreamer's discoverer what a finished file holds.
#include "base/ref.h"
#include "launcher.h"

#include <filesystem>

#include <gst/pbutils/pbutils.h>

namespace aigc::runner {

std::optional<Made> examine(const std::string& path) {
  std::error_code error;
  Made made{.path = path, .bytes = std::filesystem::file_size(path, error)};
  if (error || made.bytes == 0) return {};
  ErrorSlot problem;
  const auto discoverer = adopt(gst_discoverer_new(10 * GST_SECOND, problem.out()));
  if (!discoverer) return {};
  const std::string uri = take_string(gst_filename_to_uri(path.c_str(), nullptr));
  const auto info =
      adopt(gst_discoverer_discover_uri(discoverer.get(), uri.c_str(), problem.out()));
  if (!info || gst_discoverer_info_get_result(info.get()) != GST_DISCOVERER_OK) return {};
  GList* pictures = gst_discoverer_info_get_video_streams(info.get());
  if (pictures) {
    auto* video = GST_DISCOVERER_VIDEO_INFO(pictures->data);
    made.width = static_cast<int>(gst_discoverer_video_info_get_width(video));
    made.height = static_cast<int>(gst_discoverer_video_info_get_height(video));
  }
  const bool still =
      pictures && gst_discoverer_video_info_is_image(GST_DISCOVERER_VIDEO_INFO(pictures->data));
  gst_discoverer_stream_info_list_free(pictures);
  const GstClockTime duration = gst_discoverer_info_get_duration(info.get());
  if (!still && GST_CLOCK_TIME_IS_VALID(duration))
    made.seconds = static_cast<double>(duration) / GST_SECOND;
  if (!still && made.seconds <= 0) return {};
  return made;
}

} // namespace aigc::runner
