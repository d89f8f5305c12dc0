// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_decoding.h.
#include "media/clip_decoding.h"

namespace aigc {
ClipDecoding::ClipDecoding(const ClipInfo& clip, Viewer viewer, ClipKind kind, Threads threads)
    : clip_(clip), viewer_(std::move(viewer)), kind_(kind),
      pipeline_([this](GstMessage* message) { hear(message); }) {
  GstElement* source = pipeline_.add("filesrc");
  g_object_set(source, "location", clip.path.c_str(), nullptr);
  GstElement* decode = pipeline_.add("decodebin");
  g_object_set(decode, "force-sw-decoders", TRUE, nullptr);
  decode_only(decode, kind);
  if (threads == Threads::one) limit_threads(decode, 1);
  g_signal_connect(decode, "pad-added", G_CALLBACK(on_pad), this);
  gst_element_link(source, decode);
}

void ClipDecoding::prepare(Cancel& cancel) {
  gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
  wait([](const State& state) { return state.prepared; }, cancel);
}

bool ClipDecoding::seek(gint64 start, gint64 stop) {
  state_.lock()->ended = false;
  const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
  const auto stop_type = stop < 0 ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET;
  return gst_element_seek(pipeline_.get(), 1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, start,
                          stop_type, stop);
}

void ClipDecoding::play(Cancel& cancel) {
  pipeline_.start();
  wait([](const State& state) { return state.ended; }, cancel);
}

template <typename Ready> void ClipDecoding::wait(Ready ready, Cancel& cancel) {
  Cancel::Hook hook(cancel, [this] {
    state_.lock()->stopped = true;
    state_.notify();
  });
  auto state = state_.lock();
  const bool done = state.wait_for(
      kLimit, [&](const State& s) { return ready(s) || s.ended || s.stopped || s.error; });
  if (state->stopped) cancel.check();
  if (state->error) throw Error(*state->error);
  if (!done)
    throw Error(Fault::timeout, "the clip " + clip_.uri + " could not be decoded in time",
                "run again when the machine has less to do"); // says nothing of the clip
}

void ClipDecoding::hear(GstMessage* message) {
  std::optional<Error> error;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
    error = clip_error(message, clip_.uri);
  else if (auto missing = missing_plugin_description(message); !missing.empty())
    error = Error(Fault::missing_plugin, "no decoder for the clip " + clip_.uri + ": " + missing,
                  "install the GStreamer plugin that decodes it (ugly, bad or libav)");
  {
    auto state = state_.lock();
    state->prepared |= GST_MESSAGE_TYPE(message) == GST_MESSAGE_ASYNC_DONE;
    state->ended |= GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (error && !state->error) state->error = std::move(error);
  }
  state_.notify();
}

/// False where it is too early.
bool ClipDecoding::end() {
  {
    auto state = state_.lock();
    if (!state->prepared) return false;
    state->ended = true;
  }
  state_.notify();
  return true;
}

void ClipDecoding::on_pad(GstElement*, GstPad* pad, gpointer data) {
  auto* self = static_cast<ClipDecoding*>(data);
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  if (!sink) return;
  const bool viewed = gives(pad, self->kind_);
  g_object_set(sink, "sync", FALSE, "async", viewed, "enable-last-sample", FALSE, nullptr);
  const auto sink_pad = adopt(gst_element_get_static_pad(sink, "sink"));
  constexpr auto kWatched =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  if (viewed) gst_pad_add_probe(sink_pad.get(), kWatched, on_data, self, nullptr);
  if (viewed && self->kind_ == ClipKind::pictures) accept_any_stride(sink_pad.get());
  gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
  gst_element_sync_state_with_parent(sink);
  gst_pad_link(pad, sink_pad.get());
}

GstPadProbeReturn ClipDecoding::on_data(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<ClipDecoding*>(data);
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_FLUSH) {
    // Not at its start, when what is being taken is not over yet.
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_FLUSH_STOP)
      self->viewer_.restart();
    return GST_PAD_PROBE_OK;
  }
  GstBuffer* picture = GST_PAD_PROBE_INFO_BUFFER(info);
  // A picture whose references are lost is made up.
  const bool made_up = GST_BUFFER_FLAG_IS_SET(picture, GST_BUFFER_FLAG_CORRUPTED);
  if (made_up || self->viewer_.take(pad, picture)) return GST_PAD_PROBE_OK;
  return self->end() ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

} // namespace aigc
