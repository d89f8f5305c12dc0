// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of clipjoin.
#pragma once

#include "media/clip_reader.h"
#include "stage/properties.h"

namespace aigc {

struct JoinSettings {
  int width = 0;
  int height = 0;
  int fit = static_cast<int>(Fit::letterbox);
  int fps_n = 0;
  int fps_d = 1;

  /// All but `framerate`, a fraction, which comes behind them.
  static const PropertyTable<JoinSettings>& table();
};

} // namespace aigc
