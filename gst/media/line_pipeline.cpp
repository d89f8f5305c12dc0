// SPDX-License-Identifier: LGPL-2.1-or-later
// See line_pipeline.h.
#include "media/line_pipeline.h"

namespace aigc {

LinePipeline::LinePipeline(Fault fault)
    : pipeline_(adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))))),
      bus_(adopt(gst_element_get_bus(pipeline_.get()))), fault_(fault) {}

LinePipeline::~LinePipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

GstElement* LinePipeline::add(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element)
    throw Error(Fault::missing_plugin,
                std::string("GStreamer element \"") + factory + "\" is missing",
                "install gstreamer1.0-plugins-base, -good, -bad and -ugly");
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  if (last_ && !gst_element_link(last_, element))
    throw Error(fault_, std::string("cannot link to ") + factory);
  last_ = element;
  return element;
}

void LinePipeline::play() {
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) return;
  ended(std::chrono::milliseconds(0));
  throw Error(fault_, "a private pipeline does not start");
}

bool LinePipeline::ended(std::chrono::milliseconds limit) {
  const auto message = adopt(
      gst_bus_timed_pop_filtered(bus_.get(), static_cast<GstClockTime>(limit.count()) * GST_MSECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
  if (!message) return false;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) raise(message.get());
  return true;
}

void LinePipeline::raise(GstMessage* message) const {
  ErrorSlot error;
  gst_message_parse_error(message, error.out(), nullptr);
  if (g_error_matches(error.get(), GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    throw Error(Fault::missing_plugin, error.message());
  throw Error(fault_, error.message());
}

} // namespace aigc
