// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_check.h.
#include "media/clip_check.h"

#include "base/guarded.h"
#include "media/private_pipeline.h"

#include <cmath>
#include <optional>

namespace aigc {
namespace {

/// No healthy clip takes longer for two groups of pictures.
constexpr std::chrono::seconds kLimit{60};
/// Decoders may drop pictures around the edges of a group.
constexpr double kLeastDecoded = 0.7;

struct Range {
  GstClockTime start;
  GstClockTime stop;
};

class Decoding {
 public:
  explicit Decoding(const ClipInfo& clip)
      : clip_(clip), pipeline_([this](GstMessage* message) { on_message(message); }) {
    GstElement* source = pipeline_.add("filesrc");
    g_object_set(source, "location", clip.path.c_str(), nullptr);
    GstElement* decode = pipeline_.add("decodebin");
    g_object_set(decode, "force-sw-decoders", TRUE, nullptr);
    g_signal_connect(decode, "autoplug-continue", G_CALLBACK(wants_decoding), nullptr);
    g_signal_connect(decode, "pad-added", G_CALLBACK(on_pad), this);
    gst_element_link(source, decode);
  }

  /// The number of pictures in each of `ranges`; the whole clip for none.
  std::vector<guint64> count(const std::vector<Range>& ranges, Cancel& cancel) {
    Cancel::Hook hook(cancel, [this] {
      state_.lock()->stopped = true;
      state_.notify();
    });
    gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
    wait([](const State& state) { return state.prerolled; }, cancel);
    if (ranges.empty()) return {play(cancel)};
    std::vector<guint64> counts;
    for (const Range& range : ranges) {
      state_.lock()->ended = false;
      const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
      if (!gst_element_seek(pipeline_.get(), 1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET,
                            static_cast<gint64>(range.start), GST_SEEK_TYPE_SET,
                            static_cast<gint64>(range.stop)))
        throw Error(Fault::damaged, "the clip " + clip_.uri + " cannot be searched",
                    "make or download the clip again");
      counts.push_back(play(cancel));
    }
    return counts;
  }

 private:
  struct State {
    guint64 pictures = 0;
    bool prerolled = false;
    bool ended = false;
    bool stopped = false;
    std::optional<Error> error;
  };

  guint64 play(Cancel& cancel) {
    pipeline_.start();
    wait([](const State& state) { return state.ended; }, cancel);
    return state_.lock()->pictures;
  }

  template <typename Ready> void wait(Ready ready, Cancel& cancel) {
    auto state = state_.lock();
    const bool done = state.wait_for(
        kLimit, [&](const State& s) { return ready(s) || s.ended || s.stopped || s.error; });
    if (state->stopped) cancel.check();
    if (state->error) throw Error(*state->error);
    if (!done)
      throw Error(Fault::timeout, "the clip " + clip_.uri + " could not be decoded in time",
                  "run again when the machine has less to do"); // says nothing of the clip
  }

  void on_message(GstMessage* message) {
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
    auto* self = static_cast<Decoding*>(data);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    if (!sink) return;
    const auto caps = adopt(gst_pad_query_caps(pad, nullptr));
    const bool pictures =
        gst_caps_get_size(caps.get()) > 0 &&
        gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), "video/x-raw");
    g_object_set(sink, "sync", FALSE, "async", pictures, "enable-last-sample", FALSE, nullptr);
    const auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
    constexpr auto kWatched =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
    if (pictures) gst_pad_add_probe(sink_pad.get(), kWatched, on_picture, self, nullptr);
    gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, sink_pad.get());
  }

  static GstPadProbeReturn on_picture(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Decoding*>(data);
    // Each range begins with a flush, which comes before its first picture.
    if (info->type & GST_PAD_PROBE_TYPE_EVENT_FLUSH) self->state_.lock()->pictures = 0;
    // A picture whose references are lost is made up.
    else if (!GST_BUFFER_FLAG_IS_SET(GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_FLAG_CORRUPTED))
      ++self->state_.lock()->pictures;
    return GST_PAD_PROBE_OK;
  }

  const ClipInfo& clip_;
  Guarded<State> state_;
  PrivatePipeline pipeline_; // last: its threads end before what they use
};

void expect_pictures(const ClipInfo& clip, guint64 decoded, guint64 held, const char* part) {
  const auto least = std::max(1.0, std::floor(kLeastDecoded * static_cast<double>(held)));
  if (static_cast<double>(decoded) >= least) return;
  throw Error(Fault::damaged,
              "only " + std::to_string(decoded) + " of " + std::to_string(held) +
                  " pictures can be decoded at the " + part + " of the clip " + clip.uri,
              "make or download the clip again");
}

/// A demuxer steps over what it cannot read, and says nothing.
void expect_length(const ClipInfo& clip) {
  const auto claimed = static_cast<double>(clip.claimed);
  if (static_cast<double>(clip.reached) >= kLeastDecoded * claimed) return;
  throw Error(Fault::damaged,
              "only " + std::to_string(clip.reached / GST_MSECOND) + " of " +
                  std::to_string(clip.claimed / GST_MSECOND) + " ms can be read of the clip " +
                  clip.uri,
              "make or download the clip again");
}

} // namespace

void check_clip_decodes(const ClipInfo& clip, Cancel& cancel) {
  cancel.check();
  expect_length(clip);
  const auto& keys = clip.keyframes;
  if (keys.size() < 3) {
    const auto counts = Decoding(clip).count({}, cancel);
    expect_pictures(clip, counts[0], clip.frames, "start");
    return;
  }
  const GstClockTime end = clip.origin + clip.span;
  const std::vector<Range> ranges = {{clip.origin, keys[1].time}, {keys.back().time, end}};
  const auto counts = Decoding(clip).count(ranges, cancel);
  expect_pictures(clip, counts[0], keys[1].frames_before, "start");
  expect_pictures(clip, counts[1], clip.frames - keys.back().frames_before, "end");
}

} // namespace aigc
