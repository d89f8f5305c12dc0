// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipplayout_host.h.
#include "clipplayout_host.h"

#include "stage/live.h"
#include "stage/report.h"

namespace aigc {

DeskHost host_for(GstElement* self, GstPad* sink_pad, guint clip_ready) {
  // Threads that hang keep the element until they end.
  const auto element = share(self);
  const auto sink = share(sink_pad);
  DeskHost host;
  host.post = [element](Own<GstStructure> message) {
    gst_element_post_message(element.get(),
                             gst_message_new_element(GST_OBJECT(element.get()), message.release()));
  };
  host.warn = [element](const Error& error, const std::string& uri) {
    report(element.get(), error, false, uri);
  };
  host.send_upstream = [sink](Ref<GstEvent> event) {
    return gst_pad_push_event(sink.get(), event.leak()) != FALSE;
  };
  host.ask_supply = [sink] {
    auto query = supply_query();
    gst_pad_peer_query(sink.get(), query.get());
    return supply_facts(query.get());
  };
  host.judge = [element, clip_ready]() -> std::function<bool(const GstStructure*)> {
    if (!g_signal_has_handler_pending(element.get(), clip_ready, 0, FALSE)) return {};
    return [element, clip_ready](const GstStructure* clip) {
      gboolean accepted = FALSE;
      g_signal_emit(element.get(), clip_ready, 0, clip, &accepted);
      return accepted != FALSE;
    };
  };
  return host;
}

} // namespace aigc
