// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug category "aigchttp": methods, addresses without queries, status, times; never a header.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(aigc_http_debug);

namespace aigc {

void init_http_log();

} // namespace aigc
