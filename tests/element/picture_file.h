// SPDX-License-Identifier: LGPL-2.1-or-later
// A picture on disk that no element of ours made.
#pragma once

#include "launch.h"

#include <string>

/// A test pattern as PNG or JPEG, by the name's end.
inline void write_test_picture(const std::string& path, int width, int height) {
  const char* encoder = path.ends_with(".png") ? "pngenc" : "jpegenc";
  const std::string line =
      "videotestsrc num-buffers=1 ! video/x-raw,width=" + std::to_string(width) +
      ",height=" + std::to_string(height) + " ! " + encoder + " ! filesink location=" + path;
  Launch launch(line);
  ASSERT_TRUE(launch.run().eos) << launch.parse_error;
}
