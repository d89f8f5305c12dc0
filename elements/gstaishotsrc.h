// SPDX-License-Identifier: LGPL-2.1-or-later
// aishotsrc: shot lists as a source of words.
#pragma once

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE(aishotsrc);
