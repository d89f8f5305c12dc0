// SPDX-License-Identifier: LGPL-2.1-or-later
// MP4 files made by GStreamer: moving test pictures as H.264, a tone as AAC when the model has
// sound.
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
    std::fprintf(stderr, "aigc-standin: a clip could not be made: %s\n", error->message);
  }
  return false;
}

std::string description(const MediaKey& key, const std::string& file) {
  constexpr const char* patterns[] = {"smpte", "pinwheel", "spokes", "ball"};
  const int frames = static_cast<int>(std::lround(key.seconds * key.fps));
  char video[640];
  g_snprintf(video, sizeof video,
             "videotestsrc num-buffers=%d pattern=%s horizontal-speed=%d ! "
             "video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 ! "
             "x264enc speed-preset=ultrafast bframes=0 threads=1 key-int-max=%d bitrate=%d ! "
             "video/x-h264,profile=constrained-baseline ! h264parse ! queue ! "
             "mp4mux name=mux faststart=true faststart-file=%s.moov ! filesink location=%s",
             frames, patterns[key.variant % 4], key.variant == 3 ? 0 : 8, key.width, key.height,
             key.fps, key.fps, std::max(300, key.width * key.height / 500), file.c_str(),
             file.c_str());
  if (!key.sound) return video;
  constexpr int rate = 48000, samples = 1024;
  char audio[320];
  g_snprintf(audio, sizeof audio,
             " audiotestsrc num-buffers=%d samplesperbuffer=%d freq=%d volume=0.2 ! "
             "audio/x-raw,rate=%d,channels=2 ! audioconvert ! avenc_aac bitrate=64000 ! aacparse ! "
             "queue ! mux.",
             std::max(1, static_cast<int>(key.seconds * rate / samples) - 1), samples,
             220 + 110 * key.variant, rate);
  return std::string(video) + audio;
}

} // namespace

std::string make_clip(const MediaKey& key) {
  g_autofree char* file = nullptr;
  g_autoptr(GError) error = nullptr;
  const int descriptor = g_file_open_tmp("aigc-standin-XXXXXX.mp4", &file, &error);
  if (descriptor < 0) {
    std::fprintf(stderr, "aigc-standin: %s\n", error->message);
    return {};
  }
  close(descriptor);
  std::string out;
  g_autoptr(GstElement) pipeline = gst_parse_launch(description(key, file).c_str(), &error);
  if (!pipeline || error) {
    std::fprintf(stderr, "aigc-standin: a clip could not be made: %s\n", error->message);
  } else if (run(pipeline)) {
    g_autofree char* data = nullptr;
    gsize size = 0;
    if (g_file_get_contents(file, &data, &size, nullptr)) out.assign(data, size);
  }
  unlink(file);
  unlink((std::string(file) + ".moov").c_str());
  return out;
}

} // namespace standin
