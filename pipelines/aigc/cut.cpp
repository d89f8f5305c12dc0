// SPDX-License-Identifier: LGPL-2.1-or-later
// See cut.h.
#include "cut.h"

#include "base/error.h"
#include "packages.h"

#include <algorithm>

#include <gst/app/gstappsink.h>

namespace aigc::runner {
namespace {

using Elements = std::vector<Ref<GstElement>>;

bool has(const Elements& elements, GstElement* element) {
  return std::any_of(elements.begin(), elements.end(),
                     [element](const auto& one) { return one.get() == element; });
}

/// The pads come in no order that matters. Pads come and go only while the pipeline runs.
std::vector<Ref<GstPad>> pads_of(GstElement* element, GstPadDirection direction) {
  std::vector<Ref<GstPad>> pads;
  const GList* list =
      direction == GST_PAD_SRC ? GST_ELEMENT(element)->srcpads : GST_ELEMENT(element)->sinkpads;
  for (; list; list = list->next)
    pads.push_back(share(GST_PAD(list->data)));
  return pads;
}

void add_with_upstream(GstElement* element, Elements& kept) {
  if (has(kept, element)) return;
  kept.push_back(share(element));
  for (const auto& pad : pads_of(element, GST_PAD_SINK)) {
    const auto peer = adopt(gst_pad_get_peer(pad.get()));
    if (!peer) continue;
    const auto before = adopt(gst_pad_get_parent_element(peer.get()));
    if (before) add_with_upstream(before.get(), kept);
  }
}

void end_stream(GstElement* pipeline, GstPad* pad, GstElement* sink) {
  gst_bin_add(GST_BIN(pipeline), sink);
  const auto end = adopt(gst_element_get_static_pad(sink, "sink"));
  if (gst_pad_link(pad, end.get()) != GST_PAD_LINK_OK)
    throw Error(Fault::negotiation, "the line cannot be cut behind its stage",
                "This is a fault of aigc; please report it.");
}

} // namespace

std::vector<Ref<GstElement>> find_elements(GstElement* pipeline,
                                           const std::function<bool(GstElement*)>& wanted) {
  Elements found;
  for (const GList* at = GST_BIN_CHILDREN(pipeline); at; at = at->next)
    if (wanted(GST_ELEMENT(at->data))) found.push_back(share(GST_ELEMENT(at->data)));
  return found;
}

std::vector<Ref<GstElement>> find_made_by(GstElement* pipeline, const std::string& factory) {
  return find_elements(pipeline, [&factory](GstElement* element) {
    GstElementFactory* made_by = gst_element_get_factory(element);
    return made_by && factory == GST_OBJECT_NAME(made_by);
  });
}

void cut_behind(GstElement* pipeline, const std::vector<Ref<GstElement>>& ends,
                const std::function<GstElement*()>& make_sink) {
  Elements kept;
  for (const auto& end : ends)
    add_with_upstream(end.get(), kept);
  for (const auto& element :
       find_elements(pipeline, [&kept](GstElement* one) { return !has(kept, one); }))
    gst_bin_remove(GST_BIN(pipeline), element.get());
  for (const auto& element : kept)
    for (const auto& pad : pads_of(element.get(), GST_PAD_SRC))
      if (!gst_pad_is_linked(pad.get())) end_stream(pipeline, pad.get(), make_sink());
}

GstElement* make_taker(const std::function<void(GstSample*)>& take) {
  GstElement* taker = gst_element_factory_make("appsink", nullptr);
  if (!taker)
    throw Error(Fault::missing_plugin, "there is no element appsink", package_hint("appsink"));
  g_object_set(taker, "sync", FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* sink, gpointer told) -> GstFlowReturn {
    const auto sample = adopt(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    try {
      (*static_cast<const std::function<void(GstSample*)>*>(told))(sample.get());
      return GST_FLOW_OK;
    } catch (...) {
      GST_ELEMENT_ERROR(sink, RESOURCE, WRITE, ("%s", caught_error().what()), (nullptr));
      return GST_FLOW_ERROR;
    }
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(taker), &callbacks,
                             const_cast<std::function<void(GstSample*)>*>(&take), nullptr);
  return taker;
}

GstElement* make_drain() {
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  if (!sink)
    throw Error(Fault::missing_plugin, "there is no element fakesink", package_hint("fakesink"));
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  return sink;
}

} // namespace aigc::runner
