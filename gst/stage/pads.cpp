// SPDX-License-Identifier: LGPL-2.1-or-later
// See pads.h.
#include "stage/pads.h"

namespace aigc {

bool is_linked_through(GstPad* src) {
  auto peer = adopt(gst_pad_get_peer(src));
  while (peer && GST_IS_PROXY_PAD(peer.get())) {
    auto inner = adopt(gst_proxy_pad_get_internal(GST_PROXY_PAD(peer.get())));
    if (!inner) return false;
    peer = adopt(gst_pad_get_peer(GST_PAD(inner.get())));
  }
  return static_cast<bool>(peer);
}

void push_finish(GstElement* element, GstPad* src) {
  gst_element_call_async(
      element,
      [](GstElement*, gpointer pad) {
        gst_pad_push_event(GST_PAD(pad),
                           gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                                                gst_structure_new_empty(kFinishEvent)));
      },
      gst_object_ref(src), gst_object_unref);
}

} // namespace aigc
