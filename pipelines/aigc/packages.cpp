// SPDX-License-Identifier: LGPL-2.1-or-later
// The Debian packages of the elements the jobs use.
#include "packages.h"

#include <array>
#include <map>
#include <string_view>

namespace aigc::runner {
namespace {

const std::map<std::string_view, std::string_view> kPackages = {
    {"aacparse", "gstreamer1.0-plugins-good"},
    {"audioconvert", "gstreamer1.0-plugins-base"},
    {"audioresample", "gstreamer1.0-plugins-base"},
    {"avenc_aac", "gstreamer1.0-libav"},
    {"decodebin", "gstreamer1.0-plugins-base"},
    {"filesink", "libgstreamer1.0-0"},
    {"filesrc", "libgstreamer1.0-0"},
    {"flvmux", "gstreamer1.0-plugins-good"},
    {"gdkpixbufoverlay", "gstreamer1.0-plugins-good"},
    {"h264parse", "gstreamer1.0-plugins-bad"},
    {"jpegenc", "gstreamer1.0-plugins-good"},
    {"mp4mux", "gstreamer1.0-plugins-good"},
    {"mpegtsmux", "gstreamer1.0-plugins-bad"},
    {"pngenc", "gstreamer1.0-plugins-good"},
    {"queue", "libgstreamer1.0-0"},
    {"rtmp2sink", "gstreamer1.0-plugins-bad"},
    {"srtsink", "gstreamer1.0-plugins-bad"},
    {"tee", "libgstreamer1.0-0"},
    {"textoverlay", "gstreamer1.0-x"},
    {"videobalance", "gstreamer1.0-plugins-good"},
    {"videoconvert", "gstreamer1.0-plugins-base"},
    {"videotestsrc", "gstreamer1.0-plugins-base"},
    {"volume", "gstreamer1.0-plugins-base"},
    {"x264enc", "gstreamer1.0-plugins-ugly"},
};

constexpr std::array kOurs = {"aishotsrc",   "aipromptenhance", "qwenimagesrc", "wanxclipgen",
                              "clipjoin",    "wanxvideogen",    "streamfollow", "lookmatch",
                              "clipplayout", "livehlssink",     "livepushsink"};

} // namespace

std::vector<std::string> known_elements() {
  std::vector<std::string> names(kOurs.begin(), kOurs.end());
  for (const auto& [name, package] : kPackages)
    names.emplace_back(name);
  return names;
}

std::string package_hint(const std::string& factory) {
  for (const char* ours : kOurs)
    if (factory == ours)
      return "It belongs to this project: add the folder of libgstaigc.so to GST_PLUGIN_PATH, or "
             "use ./dev in the source tree.";
  const auto package = kPackages.find(factory);
  if (package != kPackages.end())
    return "Install it: apt-get install " + std::string(package->second) + ".";
  return "Look for it with apt-file, or among the GStreamer plugin packages.";
}

} // namespace aigc::runner
