// SPDX-License-Identifier: LGPL-2.1-or-later
// See decode_kind.h.
#include "media/decode_kind.h"

#include "base/ref.h"

#include <string>

#include <gst/video/video.h>

namespace aigc {
namespace {

gboolean wants_decoding(GstElement*, GstPad* pad, GstCaps* caps, gpointer pictures) {
  auto target =
      adopt(GST_IS_GHOST_PAD(pad) ? gst_ghost_pad_get_target(GST_GHOST_PAD(pad)) : nullptr);
  auto parent = adopt(target ? gst_pad_get_parent_element(target.get()) : nullptr);
  GstElementFactory* factory = parent ? gst_element_get_factory(parent.get()) : nullptr;
  if (factory && g_str_equal(GST_OBJECT_NAME(factory), "typefind")) return TRUE; // the container
  const char* name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  const bool picture = g_str_has_prefix(name, "video/") || g_str_has_prefix(name, "image/");
  const bool sound = g_str_has_prefix(name, "audio/");
  if (picture || sound) return picture == (pictures != nullptr);
  return !g_str_has_prefix(name, "text/") && !g_str_has_prefix(name, "subpicture/");
}

void set_threads(GstBin*, GstBin*, GstElement* element, gpointer threads) {
  for (const char* name : {"max-threads", "threads"})
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), name))
      gst_util_set_object_arg(G_OBJECT(element), name,
                              std::to_string(GPOINTER_TO_UINT(threads)).c_str());
}

GstPadProbeReturn accept_strides(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  return GST_PAD_PROBE_HANDLED;
}

} // namespace

void decode_only(GstElement* decodebin, ClipKind kind) {
  g_signal_connect(decodebin, "autoplug-continue", G_CALLBACK(wants_decoding),
                   kind == ClipKind::pictures ? decodebin : nullptr);
}

void limit_threads(GstElement* decodebin, unsigned threads) {
  g_signal_connect(decodebin, "deep-element-added", G_CALLBACK(set_threads),
                   GUINT_TO_POINTER(threads));
}

void accept_any_stride(GstPad* sink) {
  gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, accept_strides, nullptr, nullptr);
}

bool gives(GstPad* pad, ClipKind kind) {
  const auto caps = adopt(gst_pad_query_caps(pad, nullptr));
  return gst_caps_get_size(caps.get()) > 0 &&
         gst_structure_has_name(gst_caps_get_structure(caps.get(), 0),
                                kind == ClipKind::pictures ? "video/x-raw" : "audio/x-raw");
}

} // namespace aigc
