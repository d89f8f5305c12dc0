// SPDX-License-Identifier: LGPL-2.1-or-later
// See channel_pipeline.h.
#include "channel_pipeline.h"

#include "base/error.h"
#include "channel_events.h"
#include "cut.h"
#include "launcher.h"

namespace aigc::runner {
namespace {

/// A picture is due at every slot, whatever happens: so long without one, something has got stuck.
constexpr unsigned kStillSeconds = 15;

/// From here on it has worked: what breaks now may work again.
constexpr guint64 kWorkedFrames = 50;

/// How long the end of the programme may take.
constexpr unsigned kEndSeconds = 5;

Ref<GstElement> the_only(GstElement* pipeline, const char* factory) {
  const auto found = find_made_by(pipeline, factory);
  if (found.size() == 1) return found.front();
  throw Error(Fault::settings, std::string("a channel has one ") + factory,
              "See channel.launch, and docs/channel.md.");
}

/// Whether such an error is there again however often the pipeline is built.
bool is_by_settings(GstMessage* message) {
  ErrorSlot error;
  gst_message_parse_error(message, error.out(), nullptr);
  const GError* what = error.get();
  const auto is = [what](GQuark domain, std::initializer_list<int> codes) {
    return what->domain == domain &&
           std::find(codes.begin(), codes.end(), what->code) != codes.end();
  };
  return is(GST_CORE_ERROR, {GST_CORE_ERROR_NEGOTIATION, GST_CORE_ERROR_CAPS, GST_CORE_ERROR_PAD,
                             GST_CORE_ERROR_MISSING_PLUGIN}) ||
         is(GST_LIBRARY_ERROR, {GST_LIBRARY_ERROR_SETTINGS, GST_LIBRARY_ERROR_INIT}) ||
         is(GST_RESOURCE_ERROR, {GST_RESOURCE_ERROR_SETTINGS}) ||
         is(GST_STREAM_ERROR, {GST_STREAM_ERROR_CODEC_NOT_FOUND});
}

} // namespace

ChannelPipeline::ChannelPipeline(const std::string& line, ChannelMonitor& monitor, Tell tell,
                                 GMainLoop* loop)
    : monitor_(monitor), tell_(std::move(tell)), loop_(loop), pipeline_(build_pipeline(line)) {
  elements_ = {.list = the_only(pipeline_.get(), "aishotsrc"),
               .air = the_only(pipeline_.get(), "clipplayout"),
               .senders = find_made_by(pipeline_.get(), "livepushsink")};
  monitor_.begin();
  watch(
      elements_.list.get(), "src",
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_list);
  watch(elements_.air.get(), "video", GST_PAD_PROBE_TYPE_BUFFER, on_frame);
  const auto bus = adopt(gst_element_get_bus(pipeline_.get()));
  keep_warnings(bus.get());
  gst_bus_add_watch(bus.get(), on_message, this);
  timer_ = g_timeout_add_seconds(1, on_look, this);
}

ChannelPipeline::~ChannelPipeline() {
  g_source_remove(timer_);
  gst_bus_remove_watch(adopt(gst_element_get_bus(pipeline_.get())).get());
  for (const auto& [pad, probe] : watches_)
    gst_pad_remove_probe(pad.get(), probe);
  watches_.clear();
  elements_ = {};
  if (!(leaving_ ? leave_pipeline : end_pipeline)(std::move(pipeline_)))
    tell_(problem_event("error", {.message = "the pipeline does not stop",
                                  .remedy = "Run it with GST_DEBUG=3 to see what it waits for."}));
}

gboolean ChannelPipeline::on_message(GstBus*, GstMessage* message, gpointer self) {
  static_cast<ChannelPipeline*>(self)->handle(message);
  return G_SOURCE_CONTINUE;
}

GstPadProbeReturn ChannelPipeline::on_frame(GstPad*, GstPadProbeInfo*, gpointer self) {
  ++static_cast<ChannelPipeline*>(self)->frames_;
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn ChannelPipeline::on_list(GstPad*, GstPadProbeInfo* info, gpointer self) {
  static_cast<ChannelPipeline*>(self)->monitor_.hear_list(info);
  return GST_PAD_PROBE_OK;
}

void ChannelPipeline::watch(GstElement* element, const char* name, GstPadProbeType what,
                            GstPadProbeCallback hear) {
  auto pad = adopt(gst_element_get_static_pad(element, name));
  const gulong probe = gst_pad_add_probe(pad.get(), what, hear, this, nullptr);
  watches_.emplace_back(std::move(pad), probe);
}

gboolean ChannelPipeline::on_look(gpointer self) {
  static_cast<ChannelPipeline*>(self)->look();
  return G_SOURCE_CONTINUE;
}

void ChannelPipeline::start() {
  // Why it failed is on the bus; where an element kept it to itself, no picture will come.
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void ChannelPipeline::end() {
  if (std::exchange(ending_, true)) return;
  still_ = 0;
  // The thread that asks must not be the one that answers: an element may wait in its handler.
  gst_element_call_async(
      elements_.air.get(),
      [](GstElement* air, gpointer) { gst_element_send_event(air, gst_event_new_eos()); }, nullptr,
      nullptr);
}

void ChannelPipeline::stop(std::optional<Breakdown> breakdown) {
  if (!breakdown_) breakdown_ = std::move(breakdown);
  g_main_loop_quit(loop_);
}

void ChannelPipeline::look() {
  const guint64 frames = frames_;
  if (ending_ ? ++still_ > kEndSeconds : frames == seen_ && ++still_ > kStillSeconds)
    return stop(Breakdown{
        .problem = {.message = ending_ ? "the end of the programme did not get through"
                                       : "no picture has gone on air for " +
                                             std::to_string(kStillSeconds) + " s",
                    .remedy = "Run it with GST_DEBUG=3 to see which element stands still."}});
  if (frames != seen_ && !ending_) still_ = 0;
  seen_ = frames;
}

void ChannelPipeline::fail(GstMessage* message) {
  stop(Breakdown{.problem = read_problem(message),
                 .by_settings = frames_ < kWorkedFrames && is_by_settings(message)});
}

void ChannelPipeline::handle(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
  case GST_MESSAGE_EOS:
    if (ending_) return stop({});
    return stop(Breakdown{.problem = {.message = "the stream ended, and nobody asked for that"}});
  case GST_MESSAGE_ERROR:
    return fail(message);
  case GST_MESSAGE_WARNING:
    return tell_(problem_event("warning", read_problem(message)));
  case GST_MESSAGE_PROGRESS:
    if (const auto step = read_step(message)) monitor_.hear(*step);
    return;
  case GST_MESSAGE_ELEMENT: {
    const GstStructure* structure = gst_message_get_structure(message);
    monitor_.hear(structure);
    if (const auto event = message_event(structure)) tell_(*event);
    return;
  }
  default:
    return;
  }
}

} // namespace aigc::runner
