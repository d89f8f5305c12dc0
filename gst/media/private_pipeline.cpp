// SPDX-License-Identifier: LGPL-2.1-or-later
// See private_pipeline.h.
#include "media/private_pipeline.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gst/pbutils/pbutils.h>

namespace aigc {

namespace {

/// All that is no bin, those that take data before those that give it.
void collect(GstBin* bin, std::vector<Ref<GstElement>>& found) {
  const size_t before = found.size();
  Own<GstIterator> children(gst_bin_iterate_sorted(bin));
  GValue item = G_VALUE_INIT;
  for (;;) {
    const GstIteratorResult result = gst_iterator_next(children.get(), &item);
    if (result == GST_ITERATOR_RESYNC) {
      found.resize(before);
      gst_iterator_resync(children.get());
      continue;
    }
    if (result != GST_ITERATOR_OK) break;
    auto* element = GST_ELEMENT(g_value_get_object(&item));
    if (GST_IS_BIN(element))
      collect(GST_BIN(element), found);
    else
      found.push_back(share(element));
    g_value_reset(&item);
  }
  g_value_unset(&item);
}

bool is_null(GstElement* element) {
  return GST_STATE(element) == GST_STATE_NULL &&
         GST_STATE_PENDING(element) == GST_STATE_VOID_PENDING;
}

/// Ends every streaming thread, one element after the other. decodebin and parsebin free what they
/// plugged when they go down, also under a thread that is plugging right then (GStreamer 1.22), so
/// none may be left by then. What they are just plugging has its state locked by them, and is left
/// alone until the thread that does it was joined with the element it belongs to. The sources go
/// first, so that such a thread is not held up by more data. What was plugged meanwhile is met in
/// the next round; one that finds nothing to do saw nothing that could still have a thread.
void end_threads(GstBin* pipeline) {
  std::map<GstElement*, Ref<GstElement>> down;
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<Ref<GstElement>> elements;
    collect(pipeline, elements);
    std::stable_partition(elements.begin(), elements.end(), [](const auto& element) {
      return GST_OBJECT_FLAG_IS_SET(element.get(), GST_ELEMENT_FLAG_SOURCE);
    });
    for (const auto& element : elements) {
      const bool skip = down.contains(element.get()) ? is_null(element.get())
                                                     : gst_element_is_locked_state(element.get());
      if (skip) continue;
      down.emplace(element.get(), element);
      gst_element_set_locked_state(element.get(), TRUE); // its bin does not bring it up again
      gst_element_set_state(element.get(), GST_STATE_NULL);
      changed = true;
    }
  }
}

} // namespace

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
  end_threads(GST_BIN(pipeline_.get()));
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
