// SPDX-License-Identifier: LGPL-2.1-or-later
// Has a decodebin decode the pictures or the sound of a clip alone; the rest stays as it is in the
// file.
#pragma once

#include <gst/gst.h>

namespace aigc {

enum class ClipKind { pictures, sound };

void decode_only(GstElement* decodebin, ClipKind kind);

/// So many for each decoder; else most take one for every processor there is.
void limit_threads(GstElement* decodebin, unsigned threads);

/// Lets decoders hand pictures to `sink` with their own strides, which saves a copy of each; who
/// reads them honours GstVideoMeta.
void accept_any_stride(GstPad* sink);

/// Whether what comes out of `pad` is raw and of the kind.
bool gives(GstPad* pad, ClipKind kind);

} // namespace aigc
