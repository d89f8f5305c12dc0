// SPDX-License-Identifier: LGPL-2.1-or-later
// See private_pipeline.h.
#include "media/private_pipeline.h"

#include <gst/pbutils/pbutils.h>

namespace aigc {

PrivatePipeline::PrivatePipeline(std::function<void(GstMessage*)> on_message)
    : pipeline_(adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))))),
      on_message_(std::move(on_message)) {
  auto bus = adopt(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer self) {
        static_cast<PrivatePipeline*>(self)->on_message_(message);
        gst_message_unref(message);
        return GST_BUS_DROP;
      },
      this, nullptr);
}

PrivatePipeline::~PrivatePipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  auto bus = adopt(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

GstElement* PrivatePipeline::add(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element)
    throw Error(Fault::missing_plugin,
                std::string("the GStreamer element ") + factory + " is missing",
                "install the GStreamer base and good plugins");
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  return element;
}

void PrivatePipeline::start() {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

std::string missing_plugin_description(GstMessage* message) {
  if (!gst_is_missing_plugin_message(message)) return {};
  return take_string(gst_missing_plugin_message_get_description(message));
}

Error clip_error(GstMessage* message, const std::string& uri) {
  ErrorSlot error;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
    gst_message_parse_error(message, error.out(), nullptr);
  else
    gst_message_parse_warning(message, error.out(), nullptr);
  const GError* what = error.get();
  const std::string tail = " (" + error.message() + ")";
  if (g_error_matches(what, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN) ||
      g_error_matches(what, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND))
    return Error(Fault::missing_plugin, "no decoder for the clip " + uri + tail,
                 "install the GStreamer plugin that decodes it (ugly, bad or libav)");
  if (g_error_matches(what, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND) ||
      g_error_matches(what, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE))
    return Error(Fault::format, "the file " + uri + " is not a video" + tail,
                 "give the URI of a video file");
  return Error(Fault::damaged, "the clip " + uri + " is damaged and cannot be decoded" + tail,
               "make or download the clip again");
}

} // namespace aigc
