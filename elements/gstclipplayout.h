// SPDX-License-Identifier: LGPL-2.1-or-later
// clipplayout: a live channel of clips.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CLIP_PLAYOUT (gst_clip_playout_get_type())
G_DECLARE_FINAL_TYPE(GstClipPlayout, gst_clip_playout, GST, CLIP_PLAYOUT, GstElement)

GST_ELEMENT_REGISTER_DECLARE(clipplayout)

G_END_DECLS
