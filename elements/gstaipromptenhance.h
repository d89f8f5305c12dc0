// SPDX-License-Identifier: LGPL-2.1-or-later
// aipromptenhance: the writer.
#pragma once

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE(aipromptenhance);
