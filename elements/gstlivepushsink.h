// SPDX-License-Identifier: LGPL-2.1-or-later
// livepushsink: sends a live channel by RTMP or SRT, and connects again whenever that is lost.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LIVE_PUSH_SINK (gst_live_push_sink_get_type())
G_DECLARE_FINAL_TYPE(GstLivePushSink, gst_live_push_sink, GST, LIVE_PUSH_SINK, GstBin)

GST_ELEMENT_REGISTER_DECLARE(livepushsink)

G_END_DECLS
