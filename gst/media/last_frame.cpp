// SPDX-License-Identifier: LGPL-2.1-or-later
// See last_frame.h. Times are those of ClipInfo: running times of a run from the file's start.
#include "media/last_frame.h"

#include "media/clip_decoding.h"
#include "media/line_pipeline.h"
#include "media/picture.h"
#include "media/raw_frame.h"

#include <algorithm>
#include <optional>

namespace aigc {
namespace {

struct Found {
  Ref<GstBuffer> buffer;
  Ref<GstCaps> caps;
};

/// Decodes up to a moment and keeps the last picture that begins before it.
class Search {
 public:
  Search(const ClipInfo& clip, GstClockTimeDiff moment)
      : clip_(clip), moment_(moment),
        decoding_(clip, {[this](GstPad* pad, GstBuffer* picture) { return take(pad, picture); },
                         [this] { state_.lock()->last = {}; }}) {}

  /// From `start` on; empty when nothing was found there, or the file cannot be searched.
  std::optional<Found> run(GstClockTime start, Cancel& cancel) {
    decoding_.prepare(cancel);
    const bool whole = start <= clip_.origin;
    // A seek begins a new running time, so times are told by the stream's.
    const GstClockTimeDiff ahead = state_.lock()->ahead.value_or(0);
    if (!whole && !decoding_.seek(static_cast<gint64>(start) + ahead, -1)) return std::nullopt;
    decoding_.play(cancel);
    auto state = state_.lock();
    if (state->last.buffer) return state->last;
    if (!whole || !state->first.buffer) return std::nullopt;
    return state->first; // better than none
  }

 private:
  struct State {
    Found first;                           ///< of all
    Found last;                            ///< before the moment
    std::optional<GstClockTimeDiff> ahead; ///< of stream time before running time
  };

  /// False once the moment has come.
  bool take(GstPad* pad, GstBuffer* buffer) {
    auto event = adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    if (!event) return true;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    const auto stream = static_cast<GstClockTimeDiff>(
        gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
    guint64 running = 0;
    const int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME,
                                                      GST_BUFFER_PTS(buffer), &running);
    if (sign == 0) return true;
    auto caps = adopt(gst_pad_get_current_caps(pad));
    auto state = state_.lock();
    if (!state->ahead) {
      state->ahead = stream - (sign > 0 ? GstClockTimeDiff(running) : -GstClockTimeDiff(running));
      state->first = {share(buffer), share(caps.get())};
    }
    if (stream - *state->ahead >= moment_) return false;
    state->last = {share(buffer), std::move(caps)};
    return true;
  }

  const ClipInfo& clip_;
  GstClockTimeDiff moment_;
  Guarded<State> state_;
  ClipDecoding decoding_; // last: its threads end before what they use
};

/// The picture as it is shown: turned, and with square pixels.
Raster upright(const ClipInfo& clip, const Found& found, Cancel& cancel) {
  LinePipeline line(Fault::format);
  GstElement* source = line.add("appsrc");
  g_object_set(source, "caps", found.caps.get(), "format", GST_FORMAT_TIME, nullptr);
  line.add("videoconvert");
  g_object_set(line.add("videoflip"), "video-direction", clip.orientation, nullptr);
  g_object_set(line.add("videoconvertscale"), "add-borders", FALSE, nullptr);
  const auto caps = adopt(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "RGBA", "width", G_TYPE_INT, clip.width, "height",
      G_TYPE_INT, clip.height, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr));
  GstElement* sink = line.add("appsink");
  g_object_set(sink, "caps", caps.get(), "sync", FALSE, nullptr);
  line.play();
  gst_app_src_push_buffer(GST_APP_SRC(source), gst_buffer_copy(found.buffer.get()));
  gst_app_src_end_of_stream(GST_APP_SRC(source));
  const auto deadline = std::chrono::steady_clock::now() + ClipDecoding::kLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    cancel.check();
    const auto sample = adopt(gst_app_sink_try_pull_sample(
        GST_APP_SINK(sink), std::chrono::nanoseconds(kPipelineSlice).count()));
    if (sample)
      return raster_of_frame(gst_sample_get_buffer(sample.get()),
                             gst_sample_get_caps(sample.get()));
    if (line.ended(std::chrono::milliseconds(0))) break;
  }
  throw Error(Fault::format, "the last picture of the clip " + clip.uri + " cannot be converted",
              "make or download the clip again");
}

Raster raster_of(const ClipInfo& clip, const Found& found, Cancel& cancel) {
  GstVideoInfo info;
  const bool known = gst_video_info_from_caps(&info, found.caps.get());
  if (known && clip.orientation == GST_VIDEO_ORIENTATION_IDENTITY && info.width == clip.width &&
      info.height == clip.height)
    return raster_of_frame(found.buffer.get(), found.caps.get());
  return upright(clip, found, cancel);
}

/// Pictures of which less than half a frame would be seen do not count, as where clips are joined.
GstClockTimeDiff end_of(const ClipInfo& clip, double seconds) {
  const auto asked = static_cast<GstClockTime>(seconds * GST_SECOND);
  if (asked == 0 || asked >= clip.span)
    return static_cast<GstClockTimeDiff>(clip.origin + clip.span);
  const GstClockTime half = gst_util_uint64_scale(GST_SECOND, clip.fps_d, 2 * clip.fps_n);
  return static_cast<GstClockTimeDiff>(clip.origin + asked) - static_cast<GstClockTimeDiff>(half) +
         1;
}

} // namespace

Ref<GBytes> last_frame_of(const ClipInfo& clip, double seconds, Cancel& cancel) {
  cancel.check();
  const GstClockTimeDiff end = end_of(clip, seconds);
  GstClockTime start = clip.origin;
  for (const auto& key : clip.keyframes)
    if (static_cast<GstClockTimeDiff>(key.time) < end) start = std::max(start, key.time);
  auto found = Search(clip, end).run(start, cancel);
  if (!found && start > clip.origin) found = Search(clip, end).run(clip.origin, cancel);
  if (!found)
    throw Error(Fault::damaged, "no picture of the clip " + clip.uri + " can be decoded",
                "make or download the clip again");
  return encode_picture(raster_of(clip, *found, cancel), "image/png", cancel);
}

} // namespace aigc
