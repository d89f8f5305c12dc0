// SPDX-License-Identifier: LGPL-2.1-or-later
// See arrivals.h.
#include "stage/arrivals.h"

namespace aigc {

namespace {

InputKind kind_of(const GstStructure* structure) {
  if (gst_structure_has_name(structure, "text/x-raw")) return InputKind::words;
  return gst_structure_has_name(structure, "video/x-raw") ? InputKind::raw : InputKind::picture;
}

} // namespace

Arrivals arrivals_at(GstPad* sink) {
  if (!sink) return {true, false, false};
  if (!gst_pad_is_linked(sink)) return {};
  auto caps = adopt(gst_pad_peer_query_caps(sink, nullptr));
  if (gst_caps_is_any(caps.get()) || gst_caps_is_empty(caps.get())) return {};
  Arrivals arrivals{false, false, false};
  for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
    const bool words = kind_of(gst_caps_get_structure(caps.get(), i)) == InputKind::words;
    (words ? arrivals.words : arrivals.pictures) = true;
  }
  arrivals.references = arrivals.words;
  return arrivals;
}

Ref<GstCaps> what_run_takes(const StageRun& run, GstCaps* caps) {
  auto taken = adopt(gst_caps_new_empty());
  for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
    GstStructure* structure = gst_caps_get_structure(caps, i);
    if (run.takes(kind_of(structure)))
      gst_caps_append_structure(taken.get(), gst_structure_copy(structure));
  }
  return taken;
}

} // namespace aigc
