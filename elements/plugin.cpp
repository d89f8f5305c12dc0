// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers the elements of the plugin.
#include "config.h"
#include "gstaipromptenhance.h"
#include "gstaishotsrc.h"
#include "gstclipjoin.h"
#include "gstclipplayout.h"
#include "gstlivehlssink.h"
#include "gstlivepushsink.h"
#include "gstlookmatch.h"
#include "gstqwenimagesrc.h"
#include "gststreamfollow.h"
#include "gstwanxclipgen.h"
#include "gstwanxvideogen.h"

#include <gst/gst.h>

static gboolean plugin_init(GstPlugin* plugin) {
  gboolean any = FALSE;
  any |= GST_ELEMENT_REGISTER(aishotsrc, plugin);
  any |= GST_ELEMENT_REGISTER(aipromptenhance, plugin);
  any |= GST_ELEMENT_REGISTER(qwenimagesrc, plugin);
  any |= GST_ELEMENT_REGISTER(wanxclipgen, plugin);
  any |= GST_ELEMENT_REGISTER(wanxvideogen, plugin);
  any |= GST_ELEMENT_REGISTER(clipjoin, plugin);
  any |= GST_ELEMENT_REGISTER(livehlssink, plugin);
  any |= GST_ELEMENT_REGISTER(livepushsink, plugin);
  any |= GST_ELEMENT_REGISTER(clipplayout, plugin);
  any |= GST_ELEMENT_REGISTER(lookmatch, plugin);
  any |= GST_ELEMENT_REGISTER(streamfollow, plugin);
  return any;
}

#define PACKAGE AIGC_PACKAGE
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, aigc,
                  "Generated video: a writer, an art director and a camera as elements",
                  plugin_init, AIGC_VERSION, "LGPL", AIGC_PACKAGE, "Unknown package origin")
