// SPDX-License-Identifier: LGPL-2.1-or-later
// clipjoin: plays finished clips end to end.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CLIP_JOIN (gst_clip_join_get_type())
G_DECLARE_FINAL_TYPE(GstClipJoin, gst_clip_join, GST, CLIP_JOIN, GstElement)

/// How a picture of another shape comes into the frame; a plugin API type.
#define GST_TYPE_CLIP_FIT (gst_clip_fit_get_type())
GType gst_clip_fit_get_type();

GST_ELEMENT_REGISTER_DECLARE(clipjoin)

G_END_DECLS
