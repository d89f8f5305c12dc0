// SPDX-License-Identifier: LGPL-2.1-or-later
// livehlssink: a live HLS playlist that any player follows for days.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LIVE_HLS_SINK (gst_live_hls_sink_get_type())
G_DECLARE_FINAL_TYPE(GstLiveHlsSink, gst_live_hls_sink, GST, LIVE_HLS_SINK, GstBin)
GST_ELEMENT_REGISTER_DECLARE(livehlssink)

G_END_DECLS
