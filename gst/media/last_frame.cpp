// SPDX-License-Identifier: LGPL-2.1-or-later
// See last_frame.h. Times are those of ClipInfo: running times of a run from the file's start.
#include "media/last_frame.h"

#include "base/guarded.h"
#include "media/line_pipeline.h"
#include "media/picture.h"
#include "media/private_pipeline.h"
#include "media/raw_frame.h"

#include <algorithm>
#include <optional>

namespace aigc {
namespace {

/// No healthy clip takes longer for one group of pictures.
constexpr std::chrono::seconds kLimit{60};

struct Found {
  Ref<GstBuffer> buffer;
  Ref<GstCaps> caps;
};

/// Decodes up to a moment and keeps the last picture that begins before it.
class Search {
 public:
  Search(const ClipInfo& clip, GstClockTimeDiff moment)
      : clip_(clip), moment_(moment), pipeline_([this](GstMessage* message) { hear(message); }) {
    GstElement* source = pipeline_.add("filesrc");
    g_object_set(source, "location", clip.path.c_str(), nullptr);
    GstElement* decode = pipeline_.add("decodebin");
    g_object_set(decode, "force-sw-decoders", TRUE, nullptr);
    g_signal_connect(decode, "autoplug-continue", G_CALLBACK(wants_decoding), nullptr);
    g_signal_connect(decode, "pad-added", G_CALLBACK(on_pad), this);
    gst_element_link(source, decode);
  }

  /// From `start` on; empty when nothing was found there, or the file cannot be searched.
  std::optional<Found> run(GstClockTime start, Cancel& cancel) {
    Cancel::Hook hook(cancel, [this] {
      state_.lock()->stopped = true;
      state_.notify();
    });
    gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
    wait([](const State& state) { return state.prerolled; }, cancel);
    const bool whole = start <= clip_.origin;
    if (!whole && !seek(start)) return std::nullopt;
    pipeline_.start();
    wait([](const State&) { return false; }, cancel);
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
    bool prerolled = false;
    bool ended = false;
    bool stopped = false;
    std::optional<Error> error;
  };

  /// A seek begins a new running time, so times are told by the stream's.
  bool seek(GstClockTime start) {
    GstClockTimeDiff ahead = 0;
    {
      auto state = state_.lock();
      ahead = state->ahead.value_or(0);
      state->last = {};
    }
    const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
    return gst_element_seek(pipeline_.get(), 1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET,
                            static_cast<gint64>(start) + ahead, GST_SEEK_TYPE_NONE, 0);
  }

  template <typename Ready> void wait(Ready ready, Cancel& cancel) {
    auto state = state_.lock();
    const bool done = state.wait_for(
        kLimit, [&](const State& s) { return ready(s) || s.ended || s.stopped || s.error; });
    if (state->stopped) cancel.check();
    if (state->error) throw Error(*state->error);
    if (!done)
      throw Error(Fault::timeout, "the clip " + clip_.uri + " could not be decoded in time",
                  "run again when the machine has less to do");
  }

  void hear(GstMessage* message) {
    std::optional<Error> error;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
      error = clip_error(message, clip_.uri);
    else if (auto missing = missing_plugin_description(message); !missing.empty())
      error = Error(Fault::missing_plugin, "no decoder for the clip " + clip_.uri + ": " + missing,
                    "install the GStreamer plugin that decodes it (ugly, bad or libav)");
    {
      auto state = state_.lock();
      state->prerolled |= GST_MESSAGE_TYPE(message) == GST_MESSAGE_ASYNC_DONE;
      state->ended |= GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
      if (error && !state->error) state->error = std::move(error);
    }
    state_.notify();
  }

  static gboolean wants_decoding(GstElement*, GstPad*, GstCaps* caps, gpointer) {
    const char* name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    return !g_str_has_prefix(name, "audio/") && !g_str_has_prefix(name, "text/");
  }

  static void on_pad(GstElement*, GstPad* pad, gpointer data) {
    auto* self = static_cast<Search*>(data);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    if (!sink) return;
    const auto caps = adopt(gst_pad_query_caps(pad, nullptr));
    const bool pictures =
        gst_caps_get_size(caps.get()) > 0 &&
        gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), "video/x-raw");
    g_object_set(sink, "sync", FALSE, "async", pictures, "enable-last-sample", FALSE, nullptr);
    const auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
    if (pictures)
      gst_pad_add_probe(sink_pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_picture, self, nullptr);
    gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, sink_pad.get());
  }

  static GstPadProbeReturn on_picture(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Search*>(data);
    const bool goes_on = self->take(pad, GST_PAD_PROBE_INFO_BUFFER(info));
    if (!goes_on) self->state_.notify();
    return goes_on ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
  }

  /// False once the moment has come.
  bool take(GstPad* pad, GstBuffer* buffer) {
    auto event = adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    if (!event || GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED)) return true;
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
    if (stream - *state->ahead < moment_)
      state->last = {share(buffer), std::move(caps)};
    else
      state->ended = state->prerolled; // what prerolls stands before a seek
    return !state->ended;
  }

  const ClipInfo& clip_;
  GstClockTimeDiff moment_;
  Guarded<State> state_;
  PrivatePipeline pipeline_; // last: its threads end before what they use
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
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
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
