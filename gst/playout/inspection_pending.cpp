// SPDX-License-Identifier: LGPL-2.1-or-later
// Until clips are looked at: what the demuxer knows of them.
#include "playout/inspection.h"

namespace aigc {

Inspection inspect_clip(const std::string& uri, Cancel& cancel) {
  return {probe_clip(uri, cancel), {}};
}

void put_inspection(const Inspection& inspection, GstStructure* structure) {
  const ClipInfo& clip = inspection.clip;
  gst_structure_set(structure, "duration", G_TYPE_UINT64, clip.span, "width", G_TYPE_INT,
                    clip.width, "height", G_TYPE_INT, clip.height, "has-audio", G_TYPE_BOOLEAN,
                    static_cast<gboolean>(clip.has_audio), nullptr);
}

} // namespace aigc
