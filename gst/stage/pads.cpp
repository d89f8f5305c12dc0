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

} // namespace aigc
