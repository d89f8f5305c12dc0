// SPDX-License-Identifier: LGPL-2.1-or-later
// See probe.h.
#include "media/probe.h"

#include "base/guarded.h"
#include "media/file_check.h"
#include "media/private_pipeline.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

namespace aigc {
namespace {

/// No healthy file takes longer to demux.
constexpr std::chrono::seconds kProbeLimit{60};

/// One elementary stream; filled by its streaming thread, read after the end.
struct Stream {
  struct Packet {
    GstClockTime start;
    GstClockTime end; ///< NONE when the file does not say
    bool key;
  };
  GstSegment segment;
  Ref<GstCaps> caps;
  GstVideoOrientationMethod orientation = GST_VIDEO_ORIENTATION_IDENTITY;
  std::vector<Packet> packets;
  guint64 buffers = 0;
  GstClockTime reached = 0;

  GstClockTime claimed() const {
    const bool says = segment.format == GST_FORMAT_TIME && segment.duration != G_MAXUINT64;
    return says ? segment.duration : 0;
  }

  bool is(const char* prefix) const {
    return caps &&
           g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)), prefix);
  }
  bool is_video() const { return is("video/") || is("image/"); }

  void on_event(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps* parsed = nullptr;
      gst_event_parse_caps(event, &parsed);
      caps = share(parsed);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      gst_event_copy_segment(event, &segment);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
      GstTagList* tags = nullptr;
      gst_event_parse_tag(event, &tags);
      gst_video_orientation_from_tag(tags, &orientation);
    }
  }

  void on_list(GstBufferList* list) {
    for (guint i = 0; i < gst_buffer_list_length(list); ++i)
      on_buffer(gst_buffer_list_get(list, i));
  }

  void on_buffer(GstBuffer* buffer) {
    ++buffers;
    if (!GST_BUFFER_PTS_IS_VALID(buffer) || segment.format != GST_FORMAT_TIME) return;
    const GstClockTime pts = GST_BUFFER_PTS(buffer);
    const bool timed = GST_BUFFER_DURATION_IS_VALID(buffer) && GST_BUFFER_DURATION(buffer) > 0;
    reached = std::max(reached, pts + (timed ? GST_BUFFER_DURATION(buffer) : 0));
    if (!is_video()) return;
    guint64 start = 0, stop = 0;
    if (!gst_segment_clip(&segment, GST_FORMAT_TIME, pts,
                          pts + (timed ? GST_BUFFER_DURATION(buffer) : 0), &start, &stop))
      return; // outside an edit list: decoded, never shown
    packets.push_back(
        {gst_segment_to_running_time(&segment, GST_FORMAT_TIME, start),
         timed ? gst_segment_to_running_time(&segment, GST_FORMAT_TIME, stop) : GST_CLOCK_TIME_NONE,
         !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)});
  }
};

class Scan {
 public:
  Scan(std::string uri, const std::string& path)
      : uri_(std::move(uri)), pipeline_([this](GstMessage* message) { on_message(message); }) {
    GstElement* source = pipeline_.add("filesrc");
    g_object_set(source, "location", path.c_str(), nullptr);
    GstElement* parse = pipeline_.add("parsebin");
    g_signal_connect(parse, "pad-added", G_CALLBACK(on_pad), this);
    gst_element_link(source, parse);
  }

  /// Returns the streams found when the file has been read.
  std::vector<std::unique_ptr<Stream>> run(Cancel& cancel) {
    Cancel::Hook hook(cancel, [this] {
      state_.lock()->stopped = true;
      state_.notify();
    });
    pipeline_.start();
    auto state = state_.lock();
    const bool done =
        state.wait_for(kProbeLimit, [](const State& s) { return s.ended || s.stopped || s.error; });
    if (state->stopped) cancel.check();
    if (state->error) throw Error(*state->error);
    if (!done)
      throw Error(Fault::timeout, "the clip " + uri_ + " could not be read to its end",
                  "make or download the clip again");
    return std::move(state->streams);
  }

 private:
  struct State {
    std::vector<std::unique_ptr<Stream>> streams;
    std::optional<Error> error;
    bool ended = false;
    bool stopped = false;
  };

  void on_message(GstMessage* message) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
      state_.lock()->ended = true;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      auto state = state_.lock();
      if (!state->error) state->error = clip_error(message, uri_);
    } else {
      return;
    }
    state_.notify();
  }

  static void on_pad(GstElement*, GstPad* pad, gpointer self) {
    static_cast<Scan*>(self)->watch(pad);
  }

  void watch(GstPad* pad) {
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    if (!sink) return;
    g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
    auto stream = std::make_unique<Stream>();
    gst_segment_init(&stream->segment, GST_FORMAT_UNDEFINED);
    auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(sink_pad.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_BUFFER_LIST |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      on_data, stream.get(), nullptr);
    state_.lock()->streams.push_back(std::move(stream));
    gst_bin_add(GST_BIN(pipeline_.get()), sink);
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, sink_pad.get());
  }

  static GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer stream) {
    auto* self = static_cast<Stream*>(stream);
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
      self->on_list(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
    else if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
      self->on_buffer(GST_PAD_PROBE_INFO_BUFFER(info));
    else
      self->on_event(GST_PAD_PROBE_INFO_EVENT(info));
    return GST_PAD_PROBE_OK;
  }

  std::string uri_;
  Guarded<State> state_;
  PrivatePipeline pipeline_; // last: its threads end before what they write to
};

/// The rate a person would name for `frame` per picture: a standard one when it is near.
void name_rate(GstClockTime frame, ClipInfo& info) {
  static constexpr int rates[][2] = {{24000, 1001}, {24, 1}, {25, 1},       {30000, 1001}, {30, 1},
                                     {48, 1},       {50, 1}, {60000, 1001}, {60, 1},       {120, 1},
                                     {12, 1},       {15, 1}, {16, 1},       {10, 1},       {8, 1}};
  const double fps = static_cast<double>(GST_SECOND) / static_cast<double>(frame);
  double nearest = 0.03;
  for (const auto& rate : rates) {
    const double off = std::abs(fps * rate[1] / rate[0] - 1);
    if (off >= nearest) continue;
    nearest = off;
    info.fps_n = rate[0];
    info.fps_d = rate[1];
  }
  if (info.fps_n == 0) gst_util_double_to_fraction(fps, &info.fps_n, &info.fps_d);
}

void read_rate(const Stream& stream, GstClockTime usual, GstClockTime mean, ClipInfo& info) {
  const auto near = [](double a, double b) { return std::abs(a / b - 1) < 0.03; };
  const auto typical = near(mean, usual) ? mean : usual; // mean is exact where the rate is constant
  int n = 0, d = 1;
  const GstStructure* caps = gst_caps_get_structure(stream.caps.get(), 0);
  if (gst_structure_get_fraction(caps, "framerate", &n, &d) && n > 0 &&
      near(static_cast<double>(GST_SECOND) * d / n, typical)) {
    info.fps_n = n;
    info.fps_d = d;
  } else {
    name_rate(typical, info);
  }
}

void read_times(const Stream& stream, ClipInfo& info) {
  std::vector<GstClockTime> starts, steps;
  for (const auto& packet : stream.packets)
    starts.push_back(packet.start);
  std::sort(starts.begin(), starts.end());
  for (size_t i = 1; i < starts.size(); ++i)
    if (starts[i] > starts[i - 1]) steps.push_back(starts[i] - starts[i - 1]);
  GstClockTime usual = 0;
  if (!steps.empty()) {
    std::sort(steps.begin(), steps.end());
    usual = steps[steps.size() / 4]; // where the rate varies, the fast part decides
    info.longest_frame = steps.back();
  }
  GstClockTime end = starts.back() + usual;
  const auto last =
      std::max_element(stream.packets.begin(), stream.packets.end(),
                       [](const auto& a, const auto& b) { return a.start < b.start; });
  if (GST_CLOCK_TIME_IS_VALID(last->end)) end = last->end;
  info.origin = starts.front();
  info.span = end - info.origin;
  info.frames = starts.size();
  info.longest_frame = std::max(info.longest_frame, end - last->start);
  if (info.span == 0)
    throw Error(Fault::format, "the file " + info.uri + " is a still picture, not a clip",
                "make a clip from it first");
  if (usual == 0) usual = info.span;
  const GstClockTime mean =
      starts.size() > 1 ? (starts.back() - starts.front()) / (starts.size() - 1) : usual;
  read_rate(stream, usual, mean, info);
}

void read_keyframes(const Stream& stream, ClipInfo& info) {
  auto packets = stream.packets;
  std::sort(packets.begin(), packets.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  for (size_t i = 0; i < packets.size(); ++i)
    if (packets[i].key) info.keyframes.push_back({packets[i].start, i});
}

void read_size(const Stream& stream, ClipInfo& info) {
  const GstStructure* caps = gst_caps_get_structure(stream.caps.get(), 0);
  int par_n = 1, par_d = 1;
  gst_structure_get_int(caps, "width", &info.width);
  gst_structure_get_int(caps, "height", &info.height);
  gst_structure_get_fraction(caps, "pixel-aspect-ratio", &par_n, &par_d);
  if (par_n > par_d)
    info.width = static_cast<int>(gst_util_uint64_scale_round(info.width, par_n, par_d));
  else if (par_n > 0 && par_n < par_d)
    info.height = static_cast<int>(gst_util_uint64_scale_round(info.height, par_d, par_n));
  info.orientation = stream.orientation;
  const bool turned = info.orientation == GST_VIDEO_ORIENTATION_90R ||
                      info.orientation == GST_VIDEO_ORIENTATION_90L ||
                      info.orientation == GST_VIDEO_ORIENTATION_UL_LR ||
                      info.orientation == GST_VIDEO_ORIENTATION_UR_LL;
  if (turned) std::swap(info.width, info.height);
}

} // namespace

ClipInfo probe_clip(const std::string& uri, Cancel& cancel) {
  ClipInfo info;
  info.uri = uri;
  info.path = check_clip_file(uri);
  cancel.check();
  const auto streams = Scan(uri, info.path).run(cancel);
  const Stream* video = nullptr;
  bool untimed = false;
  for (const auto& stream : streams) {
    info.reached = std::max(info.reached, stream->reached);
    info.claimed = std::max(info.claimed, stream->claimed());
    if (stream->is("audio/") && stream->buffers > 0) info.has_audio = true;
    if (!stream->is_video() || video) continue;
    if (!stream->packets.empty())
      video = stream.get();
    else
      untimed = untimed || stream->buffers > 0;
  }
  if (!video && untimed)
    throw Error(Fault::format, "the video in " + uri + " has no timestamps",
                "put it into a container such as MP4");
  if (!video)
    throw Error(Fault::format,
                "the file " + uri + (info.has_audio ? " holds sound only" : " holds no pictures"),
                "give the URI of a video file");
  read_times(*video, info);
  read_keyframes(*video, info);
  read_size(*video, info);
  return info;
}

} // namespace aigc
