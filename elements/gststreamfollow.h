// SPDX-License-Identifier: LGPL-2.1-or-later
// streamfollow: holds music and the like to the length of the main stream.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_STREAM_FOLLOW (gst_stream_follow_get_type())
G_DECLARE_FINAL_TYPE(GstStreamFollow, gst_stream_follow, GST, STREAM_FOLLOW, GstElement)

/// A sink pad, which knows whether its stream is a main one; a plugin API type.
#define GST_TYPE_STREAM_FOLLOW_PAD (gst_stream_follow_pad_get_type())
G_DECLARE_FINAL_TYPE(GstStreamFollowPad, gst_stream_follow_pad, GST, STREAM_FOLLOW_PAD, GstPad)

GST_ELEMENT_REGISTER_DECLARE(streamfollow)

G_END_DECLS
