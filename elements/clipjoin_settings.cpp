// SPDX-License-Identifier: LGPL-2.1-or-later
// See clipjoin_settings.h.
#include "clipjoin_settings.h"

#include "gstclipjoin.h"

using namespace aigc;

namespace aigc {

const PropertyTable<JoinSettings>& JoinSettings::table() {
  static const PropertyTable<JoinSettings> properties({
      {"width", "Width of the pictures in pixels, 0 = automatic (default: 0)", &JoinSettings::width,
       Mutable::ready, 0, 8192},
      {"height", "Height of the pictures in pixels, 0 = automatic (default: 0)",
       &JoinSettings::height, Mutable::ready, 0, 8192},
      {"fit", "How a picture of another shape comes into the frame (default: letterbox)",
       &JoinSettings::fit, Mutable::ready, 0, 0, gst_clip_fit_get_type},
  });
  return properties;
}

} // namespace aigc

GType gst_clip_fit_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Fit::letterbox), "Whole picture with black bars", "letterbox"},
      {static_cast<int>(Fit::crop), "Full frame, edges of the picture cut", "crop"},
      {static_cast<int>(Fit::stretch), "Full frame, picture out of shape", "stretch"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstClipFit", values);
  return type;
}
