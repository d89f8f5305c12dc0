// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug category of this backend's files.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(aigc_openai_debug);
#define GST_CAT_DEFAULT aigc_openai_debug
