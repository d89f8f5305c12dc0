// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_reader.h.
#include "media/clip_reader.h"

#include "media/decode_kind.h"

#include <gst/app/gstappsink.h>

namespace aigc {
namespace {

constexpr size_t kPicturesAhead = 4;
constexpr size_t kPicturesWaiting = 2; ///< of a clip that is open for a channel
constexpr size_t kPicturesOnAir = 8;
constexpr size_t kSoundBlocksAhead = 8;

/// Models round sizes to what they can divide: 1664x928 is meant as 16:9. Thin bars would show
/// that, a few pixels less at the sides do not.
bool is_nearly(double shape, double other) {
  constexpr double most = 1.02;
  return shape != other && shape <= other * most && other <= shape * most;
}

/// Only the decoder knows: a parser says nothing of some H.264.
bool is_interlaced(GstCaps* decoded) {
  const char* mode =
      decoded ? gst_structure_get_string(gst_caps_get_structure(decoded, 0), "interlace-mode")
              : nullptr;
  return mode && !g_str_equal(mode, "progressive");
}

/// One decodes 1920x1080 faster than it is shown, and each thread keeps pictures of its own.
unsigned threads_for(const ClipInfo& clip) {
  constexpr int one_does = 1920 * 1088;
  return static_cast<unsigned>((clip.width * clip.height + one_does - 1) / one_does);
}

GstPadProbeReturn map_tones(GstPad* pad, GstPadProbeInfo* probe, gpointer tone_map) {
  const auto caps = adopt(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps.get())) return GST_PAD_PROBE_OK;
  probe->data = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(probe));
  static_cast<const ToneMap*>(tone_map)->apply(GST_PAD_PROBE_INFO_BUFFER(probe), info);
  return GST_PAD_PROBE_OK;
}

} // namespace

ClipReader::ClipReader(const ClipInfo& clip, bool video, Ref<GstCaps> caps, Cancel& cancel)
    : clip_(clip), video_(video), on_cancel_(cancel, [this] { stop(); }),
      pipeline_([this](GstMessage* message) { on_message(message); }) {
  target_.caps = std::move(caps);
  state_.lock()->depth = video ? kPicturesAhead : kSoundBlocksAhead;
}

ClipReader::ClipReader(const ClipInfo& clip, const VideoTarget& target, Cancel& cancel, Use use)
    : ClipReader(clip, true, target.caps, cancel) {
  use_ = use;
  if (use == Use::channel) state_.lock()->depth = kPicturesWaiting;
  target_ = target;
  target_.caps = adopt(gst_caps_copy(target.caps.get()));
  gst_structure_remove_field(gst_caps_get_structure(target_.caps.get(), 0), "framerate");
  start();
}

ClipReader::ClipReader(const ClipInfo& clip, GstCaps* audio, Cancel& cancel)
    : ClipReader(clip, false, share(audio), cancel) {
  start();
}

ClipReader::~ClipReader() {
  stop();
}

void ClipReader::stop() {
  state_.lock()->stopped = true;
  state_.notify();
}

void ClipReader::end() {
  state_.lock()->ended = true;
  state_.notify();
}

void ClipReader::start() {
  GstElement* source = pipeline_.add("filesrc");
  g_object_set(source, "location", clip_.path.c_str(), nullptr);
  GstElement* decode = pipeline_.add("decodebin");
  g_object_set(decode, "force-sw-decoders", TRUE, nullptr);
  decode_only(decode, video_ ? ClipKind::pictures : ClipKind::sound);
  if (use_ == Use::channel) limit_threads(decode, threads_for(clip_));
  g_signal_connect(
      decode, "pad-added",
      G_CALLBACK(+[](GstElement*, GstPad* pad, ClipReader* self) { self->on_pad(pad); }), this);
  g_signal_connect(decode, "no-more-pads", G_CALLBACK(+[](GstElement*, ClipReader* self) {
                     if (!self->state_.lock()->found) self->end();
                   }),
                   this);
  gst_element_link(source, decode);
  pipeline_.start();
}

void ClipReader::on_message(GstMessage* message) {
  std::optional<Error> error;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    error = clip_error(message, clip_.uri);
  } else if (auto missing = missing_plugin_description(message); !missing.empty()) {
    error = Error(Fault::missing_plugin, "no decoder for the clip " + clip_.uri + ": " + missing,
                  "install the GStreamer plugin that decodes it (ugly, bad or libav)");
  } else {
    return;
  }
  {
    auto state = state_.lock();
    if (!state->error) state->error = std::move(error);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) state->ended = true;
  }
  state_.notify();
}

void ClipReader::on_pad(GstPad* pad) {
  const bool ours = gives(pad, video_ ? ClipKind::pictures : ClipKind::sound);
  try {
    if (ours && !std::exchange(state_.lock()->found, true))
      connect(pad);
    else
      discard(pad);
  } catch (const Error& error) { // below us is C
    {
      auto state = state_.lock();
      state->error = error;
      state->ended = true;
    }
    state_.notify();
  }
}

void ClipReader::discard(GstPad* pad) {
  GstElement* sink = pipeline_.add("fakesink");
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_element_sync_state_with_parent(sink);
  auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
  gst_pad_link(pad, sink_pad.get());
}

std::vector<GstElement*> ClipReader::conform_chain(GstPad* pad) {
  if (!video_) return {pipeline_.add("audioconvert"), pipeline_.add("audioresample")};
  std::vector<GstElement*> chain;
  const auto decoded = adopt(gst_pad_get_current_caps(pad));
  if (is_interlaced(decoded.get())) {
    chain.push_back(pipeline_.add("deinterlace"));
    gst_util_set_object_arg(G_OBJECT(chain.back()), "fields", "top");
  }
  if (clip_.orientation != GST_VIDEO_ORIENTATION_IDENTITY) {
    chain.push_back(pipeline_.add("videoconvert"));
    chain.push_back(pipeline_.add("videoflip"));
    g_object_set(chain.back(), "video-direction", clip_.orientation, nullptr);
  }
  GstVideoInfo info;
  gst_video_info_from_caps(&info, target_.caps.get());
  const double shape =
      static_cast<double>(GST_VIDEO_INFO_WIDTH(&info)) / GST_VIDEO_INFO_HEIGHT(&info);
  const bool crops = target_.fit == Fit::crop ||
                     (target_.fit == Fit::letterbox &&
                      is_nearly(static_cast<double>(clip_.width) / clip_.height, shape));
  if (crops) {
    chain.push_back(pipeline_.add("aspectratiocrop"));
    g_object_set(chain.back(), "aspect-ratio", GST_VIDEO_INFO_WIDTH(&info),
                 GST_VIDEO_INFO_HEIGHT(&info), nullptr);
  }
  chain.push_back(pipeline_.add("videoconvertscale"));
  g_object_set(chain.back(), "add-borders", target_.fit == Fit::letterbox && !crops, nullptr);
  if (ToneMap::suits(decoded.get())) add_tone_map(decoded.get(), chain);
  return chain;
}

/// In the size that is wanted, and in RGB.
void ClipReader::add_tone_map(GstCaps* decoded, std::vector<GstElement*>& chain) {
  const auto caps = adopt(gst_caps_copy(target_.caps.get()));
  gst_caps_set_simple(caps.get(), "format", G_TYPE_STRING,
                      gst_video_format_to_string(ToneMap::kFormat), nullptr);
  for (const char* other : {"colorimetry", "chroma-site"})
    gst_structure_remove_field(gst_caps_get_structure(caps.get(), 0), other);
  chain.push_back(pipeline_.add("capsfilter"));
  g_object_set(chain.back(), "caps", caps.get(), nullptr);
  tone_map_.emplace(decoded);
  const auto mapped = adopt(gst_element_get_static_pad(chain.back(), "src"));
  gst_pad_add_probe(mapped.get(), GST_PAD_PROBE_TYPE_BUFFER, map_tones, &*tone_map_, nullptr);
  chain.push_back(pipeline_.add("videoconvert"));
}

void ClipReader::connect(GstPad* pad) {
  std::vector<GstElement*> chain = conform_chain(pad);
  GstElement* sink = pipeline_.add("appsink");
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, "caps",
               target_.caps.get(), nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* from, gpointer self) {
    return static_cast<ClipReader*>(self)->on_sample(GST_ELEMENT(from));
  };
  callbacks.eos = [](GstAppSink*, gpointer self) { static_cast<ClipReader*>(self)->end(); };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
  if (target_.any_stride) {
    auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
    accept_any_stride(sink_pad.get());
  }
  chain.push_back(sink);
  for (size_t i = chain.size(); i-- > 0;) {
    if (i + 1 < chain.size()) gst_element_link(chain[i], chain[i + 1]);
    gst_element_sync_state_with_parent(chain[i]);
  }
  auto head = adopt(gst_element_get_static_pad(chain.front(), "sink"));
  gst_pad_link(pad, head.get());
}

GstFlowReturn ClipReader::on_sample(GstElement* sink) {
  auto sample = adopt(gst_app_sink_pull_sample(GST_APP_SINK(sink)));
  GstBuffer* buffer = sample ? gst_sample_get_buffer(sample.get()) : nullptr;
  if (!buffer) return GST_FLOW_EOS;
  // A picture whose references are lost is made up; the one before it stays instead.
  if (video_ && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED)) return GST_FLOW_OK;
  guint64 running = 0;
  const int sign = gst_segment_to_running_time_full(
      gst_sample_get_segment(sample.get()), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer), &running);
  if (sign == 0) return GST_FLOW_OK; // no timestamp, so no place to put it
  Block block;
  block.time = (sign > 0 ? GstClockTimeDiff(running) : -GstClockTimeDiff(running)) -
               GstClockTimeDiff(clip_.origin);
  block.buffer = share(buffer);
  sample.reset(); // else the buffer would look shared
  {
    auto state = state_.lock();
    state.wait([](const State& s) { return s.stopped || s.blocks.size() < s.depth; });
    if (state->stopped) return GST_FLOW_FLUSHING;
    state->blocks.push_back(std::move(block));
  }
  state_.notify();
  return GST_FLOW_OK;
}

void ClipReader::go_on_air() {
  if (!video_ || use_ != Use::channel) return;
  state_.lock()->depth = kPicturesOnAir;
  state_.notify();
}

void ClipReader::wait_ready() {
  auto state = state_.lock();
  state.wait([](const State& s) { return s.stopped || s.ended || !s.blocks.empty(); });
  if (state->stopped) throw Error(Fault::cancelled, "cancelled");
  if (!state->blocks.empty()) return;
  if (state->error) throw Error(*state->error);
  throw Error(Fault::damaged,
              std::string("nothing in the clip ") + clip_.uri + " can be decoded as " +
                  (video_ ? "pictures" : "sound"),
              "make or download the clip again");
}

bool ClipReader::wait_block(std::chrono::nanoseconds limit) {
  auto state = state_.lock();
  const bool ready = state.wait_for(
      limit, [](const State& s) { return s.stopped || s.ended || !s.blocks.empty(); });
  if (state->stopped) throw Error(Fault::cancelled, "cancelled");
  return ready;
}

std::optional<ClipReader::Block> ClipReader::read() {
  std::optional<Block> block;
  {
    auto state = state_.lock();
    state.wait([](const State& s) { return s.stopped || s.ended || !s.blocks.empty(); });
    if (state->stopped) throw Error(Fault::cancelled, "cancelled");
    if (state->blocks.empty()) return block;
    block = std::move(state->blocks.front());
    state->blocks.pop_front();
  }
  state_.notify();
  return block;
}

} // namespace aigc
