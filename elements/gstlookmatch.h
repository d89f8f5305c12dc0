// SPDX-License-Identifier: LGPL-2.1-or-later
// lookmatch: holds the colours of clips that belong together.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LOOK_MATCH (gst_look_match_get_type())
G_DECLARE_FINAL_TYPE(GstLookMatch, gst_look_match, GST, LOOK_MATCH, GstElement)

GST_ELEMENT_REGISTER_DECLARE(lookmatch)

G_END_DECLS
