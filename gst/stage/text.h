// SPDX-License-Identifier: LGPL-2.1-or-later
// Words as buffers.
#pragma once

#include "base/ref.h"

#include <string>

#define AIGC_TEXT_CAPS "text/x-raw, format=(string)utf8"

namespace aigc {

/// A buffer of the bytes of `text`; without memory when there are none.
inline Ref<GstBuffer> text_buffer(const std::string& text) {
  return adopt(text.empty() ? gst_buffer_new() : gst_buffer_new_memdup(text.data(), text.size()));
}

} // namespace aigc
