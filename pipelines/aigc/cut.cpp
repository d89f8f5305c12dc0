// SPDX-License-Identifier: LGPL-2.1-or-later
// See cut.h.
#include "cut.h"

#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>

namespace aigc::runner {
namespace {

using Elements = std::vector<Ref<GstElement>>;

/// Calls `take` for each object of `iterator`, which is freed.
template <typename T> void each(GstIterator* iterator, const std::function<void(T*)>& take) {
  const Own<GstIterator> owner(iterator);
  std::vector<Ref<T>> all;
  const auto add = [](const GValue* item, gpointer list) {
    static_cast<std::vector<Ref<T>>*>(list)->push_back(
        share(static_cast<T*>(g_value_get_object(item))));
  };
  while (gst_iterator_foreach(iterator, add, &all) == GST_ITERATOR_RESYNC) {
    all.clear();
    gst_iterator_resync(iterator);
  }
  for (const auto& one : all)
    take(one.get());
}

Ref<GstElement> parent_of(GstElement* element) {
  return adopt(GST_ELEMENT(gst_object_get_parent(GST_OBJECT(element))));
}

GstElement* must_make(const char* factory) {
  if (GstElement* element = gst_element_factory_make(factory, nullptr)) return element;
  throw Error(Fault::missing_plugin, std::string("there is no element ") + factory,
              "Install GStreamer's core elements.");
}

/// What stands behind `pad` takes. Ends the branch there.
void end_branch(GstElement* pipeline, GstPad* pad) {
  const auto taken = adopt(gst_pad_peer_query_caps(pad, nullptr));
  if (const auto peer = adopt(gst_pad_get_peer(pad))) gst_pad_unlink(pad, peer.get());
  GstElement* filter = must_make("capsfilter");
  GstElement* sink = must_make("fakesink");
  g_object_set(filter, "caps", taken.get(), nullptr);
  g_object_set(sink, "sync", FALSE, nullptr);
  gst_bin_add_many(GST_BIN(pipeline), filter, sink, nullptr);
  gst_element_link(filter, sink);
  const auto entry = adopt(gst_element_get_static_pad(filter, "sink"));
  gst_pad_link_full(pad, entry.get(), GST_PAD_LINK_CHECK_NOTHING);
}

/// The pad of the bin that stands for `inner`, a sink pad of an element in it.
Ref<GstPad> ghost_of(GstPad* inner) {
  const auto proxy = adopt(gst_pad_get_peer(inner));
  if (!proxy || !GST_IS_PROXY_PAD(proxy.get())) return nullptr;
  return adopt(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(proxy.get()))));
}

/// A stage inside a bin takes the place of that bin. What stood behind the stage in it is gone.
void lift(GstElement* pipeline, GstElement* stage, GstElement* bin) {
  if (parent_of(bin).get() != pipeline || stages_of(bin).size() != 1)
    throw Error(Fault::settings, "the AI stages of this job stand in a bin of their own",
                "Write them without brackets.");
  const auto src = adopt(gst_element_get_static_pad(stage, "src"));
  const auto sink = adopt(gst_element_get_static_pad(stage, "sink"));
  const auto taken = adopt(gst_pad_peer_query_caps(src.get(), nullptr));
  Ref<GstPad> upstream;
  if (const auto ghost = sink ? ghost_of(sink.get()) : nullptr) {
    upstream = adopt(gst_pad_get_peer(ghost.get()));
    if (upstream) gst_pad_unlink(upstream.get(), ghost.get());
  }
  const std::string name = take_string(gst_object_get_name(GST_OBJECT(bin)));
  gst_bin_remove(GST_BIN(bin), stage);
  gst_bin_remove(GST_BIN(pipeline), bin);
  gst_object_set_name(GST_OBJECT(stage), name.c_str());
  gst_bin_add(GST_BIN(pipeline), stage);
  if (upstream) gst_pad_link_full(upstream.get(), sink.get(), GST_PAD_LINK_CHECK_NOTHING);
  GstElement* filter = must_make("capsfilter");
  g_object_set(filter, "caps", taken.get(), nullptr);
  gst_bin_add(GST_BIN(pipeline), filter);
  gst_element_link(stage, filter);
}

void add_upstream(GstElement* element, std::set<GstElement*>& kept) {
  if (!kept.insert(element).second) return;
  each<GstPad>(gst_element_iterate_sink_pads(element), [&](GstPad* pad) {
    const auto peer = adopt(gst_pad_get_peer(pad));
    if (const auto before = peer ? adopt(gst_pad_get_parent_element(peer.get())) : nullptr)
      add_upstream(before.get(), kept);
  });
}

} // namespace

bool is_made_by(GstElement* element, const char* factory) {
  GstElementFactory* maker = gst_element_get_factory(element);
  return maker && std::strcmp(GST_OBJECT_NAME(maker), factory) == 0;
}

Elements stages_of(GstElement* pipeline) {
  Elements stages;
  each<GstElement>(gst_bin_iterate_recurse(GST_BIN(pipeline)), [&](GstElement* element) {
    const bool is_stage =
        !GST_IS_BIN(element) &&
        g_object_class_find_property(G_OBJECT_GET_CLASS(element), "dry-run") != nullptr;
    if (is_stage) stages.push_back(share(element));
  });
  return stages;
}

void cut_behind_stages(GstElement* pipeline) {
  const Elements stages = stages_of(pipeline);
  if (stages.empty())
    throw Error(Fault::settings, "this job asks no service", "Run it as it is: it costs nothing.");
  for (const auto& stage : stages)
    if (const auto bin = parent_of(stage.get()); bin.get() != pipeline)
      lift(pipeline, stage.get(), bin.get());
  std::set<GstElement*> kept;
  for (const auto& stage : stages)
    add_upstream(stage.get(), kept);
  std::vector<Ref<GstPad>> ends;
  Elements rest;
  each<GstElement>(gst_bin_iterate_elements(GST_BIN(pipeline)), [&](GstElement* element) {
    if (!kept.contains(element)) return rest.push_back(share(element));
    each<GstPad>(gst_element_iterate_src_pads(element), [&](GstPad* pad) {
      const auto peer = adopt(gst_pad_get_peer(pad));
      const auto behind = peer ? adopt(gst_pad_get_parent_element(peer.get())) : nullptr;
      if (behind && !kept.contains(behind.get())) ends.push_back(share(pad));
    });
  });
  for (const auto& pad : ends)
    end_branch(pipeline, pad.get());
  for (const auto& element : rest)
    gst_bin_remove(GST_BIN(pipeline), element.get());
}

} // namespace aigc::runner
