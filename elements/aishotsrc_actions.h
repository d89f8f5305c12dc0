// SPDX-License-Identifier: LGPL-2.1-or-later
// The action signals of aishotsrc: edits of what it has still to send.
#pragma once

#include <glib-object.h>
#include <gst/gst.h>

namespace aigc {

class ShotFeed;

/// Of an aishotsrc.
ShotFeed& shot_feed(GstElement* element);

void install_list_actions(GObjectClass* klass);

} // namespace aigc
