// SPDX-License-Identifier: LGPL-2.1-or-later
// See livepushsink_connection.h.
#include "livepushsink_connection.h"

#include <gst/app/gstappsrc.h>

namespace aigc {

namespace {

/// What may wait in one lane of the pipeline; more waits in the queue before it.
constexpr guint64 kLaneBuffers = 16;

const char* mux_name(const PushTarget& target) {
  return target.protocol() == PushTarget::Protocol::rtmp ? "flvmux" : "mpegtsmux";
}
const char* sink_name(const PushTarget& target) {
  return target.protocol() == PushTarget::Protocol::rtmp ? "rtmp2sink" : "srtsink";
}
const char* parser_name(PushMedia media) {
  return media == PushMedia::video ? "h264parse" : "aacparse";
}

/// The part of a debug text that says something: elements put file and path before it.
std::string last_line(const std::string& debug) {
  const size_t begin = debug.rfind('\n');
  return begin == std::string::npos ? std::string() : debug.substr(begin + 1);
}

Error to_error(GstMessage* message, const PushTarget& target) {
  ErrorSlot error;
  gchar* debug = nullptr;
  gst_message_parse_error(message, error.out(), &debug);
  const std::string detail = last_line(take_string(debug));
  const std::string text = error.message() + (detail.empty() ? "" : " (" + detail + ")");
  const bool refused =
      g_error_matches(error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
  return Error(refused ? Fault::not_authorized : Fault::write, target.scrub(text));
}

} // namespace

void check_push_elements(const PushTarget& target) {
  for (const char* name : {parser_name(PushMedia::video), parser_name(PushMedia::audio),
                           mux_name(target), sink_name(target), "appsrc", "appsink"}) {
    if (adopt(GST_OBJECT(gst_element_factory_find(name)))) continue;
    throw Error(Fault::missing_plugin,
                std::string("livepushsink needs the GStreamer element ") + name,
                "install the GStreamer base, good and bad plugins");
  }
}

PushConnection::PushConnection(const PushTarget& target, const PushFormat& format, Events events)
    : target_(target), events_(std::move(events)),
      pipeline_([this](GstMessage* message) { take(message); }) {
  GstElement* mux = pipeline_.add(mux_name(target_));
  sink_ = pipeline_.add(sink_name(target_));
  // The clock was waited for before; and there may be nothing to preroll with for long.
  g_object_set(sink_, "sync", FALSE, "async", FALSE, nullptr);
  if (target_.protocol() == PushTarget::Protocol::rtmp) {
    g_object_set(mux, "streamable", TRUE, nullptr);
  } else {
    g_object_set(mux, "alignment", 7, nullptr);
    // Its own way to reconnect knows no pause and no key frame, and warns each time.
    g_object_set(sink_, "auto-reconnect", FALSE, nullptr);
  }
  gst_element_link(mux, sink_);
  for (const PushMedia media : kPushMedia) {
    if (format[media]) add_lane(mux, media, format[media].get());
  }
}

PushConnection::~PushConnection() {
  // From the sink up: a source cannot end while its thread waits in a mux that waits for the peer.
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void PushConnection::add_lane(GstElement* mux, PushMedia media, GstCaps* caps) {
  GstElement* source = sources_[media] = pipeline_.add("appsrc");
  g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "max-buffers", guint64{0},
               "max-bytes", guint64{0}, nullptr);
  GstElement* parser = pipeline_.add(parser_name(media));
  // A receiver of TS may come at any time.
  if (media == PushMedia::video && target_.protocol() == PushTarget::Protocol::srt)
    g_object_set(parser, "config-interval", -1, nullptr);
  gst_element_link_many(source, parser, mux, nullptr);
}

void PushConnection::start(const std::string& uri) {
  ErrorSlot error;
  if (!gst_uri_handler_set_uri(GST_URI_HANDLER(sink_), uri.c_str(), error.out()))
    throw Error(Fault::settings,
                "the location is not understood: " + target_.scrub(error.message()));
  pipeline_.start();
}

void PushConnection::take(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
    events_.failed(to_error(message, target_));
  else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
    events_.finished();
}

Own<GstStructure> PushConnection::stats() const {
  GstStructure* stats = nullptr;
  g_object_get(sink_, "stats", &stats, nullptr);
  return Own<GstStructure>(stats);
}

guint64 PushConnection::bytes_taken() const {
  const auto now = stats();
  guint64 bytes = 0;
  if (!now) return 0;
  if (target_.protocol() == PushTarget::Protocol::rtmp) {
    guint64 total = 0;
    if (gst_structure_get_uint64(now.get(), "out-bytes-total", &total)) bytes = total;
  } else {
    gst_structure_get_uint64(now.get(), "bytes-sent-total", &bytes);
  }
  return bytes;
}

bool PushConnection::is_up() const {
  // rtmp2sink has these once its publish command was accepted.
  if (target_.protocol() == PushTarget::Protocol::rtmp) return bytes_taken() > 0;
  const auto now = stats();
  return now && gst_structure_has_field(now.get(), target_.listens() ? "callers" : "packets-sent");
}

guint64 PushConnection::level(PushMedia media) const {
  return gst_app_src_get_current_level_buffers(GST_APP_SRC(sources_[media]));
}

bool PushConnection::has_room(PushMedia media) const {
  return level(media) < kLaneBuffers;
}

bool PushConnection::is_empty(PushMedia media) const {
  return level(media) == 0;
}

void PushConnection::push(PushMedia media, Ref<GstBuffer> buffer) {
  gst_app_src_push_buffer(GST_APP_SRC(sources_[media]), buffer.leak());
}

void PushConnection::finish() {
  for (const PushMedia media : kPushMedia) {
    if (sources_[media]) gst_app_src_end_of_stream(GST_APP_SRC(sources_[media]));
  }
}

} // namespace aigc
