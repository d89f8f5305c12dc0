// SPDX-License-Identifier: LGPL-2.1-or-later
// Files made by GStreamer: moving test pictures as H.264 in MP4, a tone as AAC when the model has
// sound; VP8 in WebM and JPEG in AVI; single pictures as JPEG and WebP.
#include "media.h"

#include <cmath>
#include <cstdio>
#include <unistd.h>

#include <gst/gst.h>

namespace standin {
namespace {

bool run(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
  g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
      bus, 120 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) return true;
  if (message) {
    g_autoptr(GError) error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::fprintf(stderr, "aigc-standin: a file could not be made: %s\n", error->message);
  }
  return false;
}

constexpr const char* patterns[] = {"smpte", "pinwheel", "spokes", "ball"};

constexpr int speeds[] = {8, 8, 8, 0};

// Large pictures are drawn small and enlarged: to draw the patterns takes far longer than to encode
// them, and whoever waits for the first clip of a busy machine would give up.
constexpr int enlarged = 4;
constexpr int large = 1280; // their width

std::string source(const MediaKey& key, int frames) {
  const int scale = key.width >= large ? enlarged : 1;
  const int kind = key.variant % 4;
  char text[512];
  g_snprintf(text, sizeof text,
             "videotestsrc num-buffers=%d pattern=%s horizontal-speed=%d ! "
             "video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 ! "
             "videoscale method=nearest-neighbour add-borders=false ! "
             "video/x-raw,width=%d,height=%d,pixel-aspect-ratio=1/1 ! ",
             frames, patterns[kind], speeds[kind] / scale, key.width / scale, key.height / scale,
             key.fps, key.width, key.height);
  return text;
}

std::string tone(const MediaKey& key) {
  constexpr int rate = 48000, samples = 1024;
  char text[320];
  g_snprintf(text, sizeof text,
             " audiotestsrc num-buffers=%d samplesperbuffer=%d freq=%d volume=0.2 ! "
             "audio/x-raw,rate=%d,channels=2 ! audioconvert ! avenc_aac bitrate=64000 ! aacparse ! "
             "queue ! mux.",
             std::max(1, static_cast<int>(key.seconds * rate / samples) - 1), samples,
             220 + 110 * key.variant, rate);
  return text;
}

std::string description(const MediaKey& key, const std::string& file) {
  const int frames = static_cast<int>(std::lround(key.seconds * key.fps));
  const int bitrate = std::max(300, key.width * key.height / 500);
  const std::string sink = " ! filesink location=" + file;
  if (key.format == "webm")
    return source(key, frames) +
           "vp8enc deadline=1 cpu-used=8 target-bitrate=" + std::to_string(bitrate * 1000) +
           " keyframe-max-dist=" + std::to_string(key.fps) + " ! webmmux" + sink;
  if (key.format == "avi") return source(key, frames) + "jpegenc ! avimux" + sink;
  char video[320];
  g_snprintf(video, sizeof video,
             "x264enc speed-preset=ultrafast bframes=0 threads=1 key-int-max=%d bitrate=%d ! "
             "video/x-h264,profile=constrained-baseline ! h264parse ! queue ! mp4mux name=mux",
             key.fps, bitrate);
  const std::string start = key.late_moov ? "" : " faststart=true faststart-file=" + file + ".moov";
  return source(key, frames) + video + start + sink + (key.sound ? tone(key) : "");
}

// Runs a pipeline that writes a file of that ending, and reads it.
std::string made_by(const char* ending,
                    const std::function<std::string(const std::string&)>& describe) {
  const std::string pattern = std::string("aigc-standin-XXXXXX.") + ending;
  g_autofree char* file = nullptr;
  g_autoptr(GError) error = nullptr;
  const int descriptor = g_file_open_tmp(pattern.c_str(), &file, &error);
  if (descriptor < 0) {
    std::fprintf(stderr, "aigc-standin: %s\n", error->message);
    return {};
  }
  close(descriptor);
  std::string out;
  g_autoptr(GstElement) pipeline = gst_parse_launch(describe(file).c_str(), &error);
  if (!pipeline || error) {
    std::fprintf(stderr, "aigc-standin: a file could not be made: %s\n", error->message);
  } else if (run(pipeline)) {
    g_autofree char* data = nullptr;
    gsize size = 0;
    if (g_file_get_contents(file, &data, &size, nullptr)) out.assign(data, size);
  }
  unlink(file);
  unlink((std::string(file) + ".moov").c_str());
  return out;
}

} // namespace

std::string make_clip(const MediaKey& key) {
  return made_by(key.format.empty() ? "mp4" : key.format.c_str(),
                 [&](const std::string& file) { return description(key, file); });
}

std::string make_jpeg_or_webp(const MediaKey& key) {
  return made_by(key.format.c_str(), [&](const std::string& file) {
    return source(key, 1) + (key.format == "webp" ? "webpenc" : "jpegenc") +
           " ! filesink location=" + file;
  });
}

} // namespace standin
