// SPDX-License-Identifier: LGPL-2.1-or-later
// wanxvideogen: camera and player in one.
#pragma once

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE(wanxvideogen);
