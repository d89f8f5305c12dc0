// SPDX-License-Identifier: LGPL-2.1-or-later
// What the header of a picture file says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace standin {

struct PictureInfo {
  std::string format; // png, jpeg, webp, bmp, gif, tiff; "" for a clip or sound
  int width = 0, height = 0;
  bool alpha = false;
  size_t bytes = 0;
};

// Nothing when the bytes are none of these pictures.
std::optional<PictureInfo> read_picture(std::string_view bytes);

} // namespace standin
