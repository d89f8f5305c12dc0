// SPDX-License-Identifier: LGPL-2.1-or-later
// wanxclipgen: the camera.
#pragma once

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE(wanxclipgen);
