// SPDX-License-Identifier: LGPL-2.1-or-later
// Headers of PNG, JPEG, WEBP, BMP, GIF and TIFF.
#include "picture.h"

#include <cstdint>

namespace standin {
namespace {

uint32_t at(std::string_view data, size_t place) {
  return place < data.size() ? static_cast<uint8_t>(data[place]) : 0;
}
int big16(std::string_view d, size_t p) {
  return static_cast<int>(at(d, p) << 8 | at(d, p + 1));
}
int big32(std::string_view d, size_t p) {
  return static_cast<int>(static_cast<uint32_t>(big16(d, p)) << 16 |
                          static_cast<uint32_t>(big16(d, p + 2)));
}
int little16(std::string_view d, size_t p) {
  return static_cast<int>(at(d, p + 1) << 8 | at(d, p));
}
int little24(std::string_view d, size_t p) {
  return static_cast<int>(at(d, p + 2) << 16) | little16(d, p);
}
int little32(std::string_view d, size_t p) {
  return static_cast<int>(static_cast<uint32_t>(little16(d, p + 2)) << 16 |
                          static_cast<uint32_t>(little16(d, p)));
}

PictureInfo png(std::string_view data) {
  PictureInfo info{"png", big32(data, 16), big32(data, 20), false, data.size()};
  const uint32_t colour = at(data, 25);
  info.alpha = colour == 4 || colour == 6;
  // A palette or a colour key may be transparent, too; the chunk comes before the pixels.
  for (size_t place = 8; place + 8 <= data.size() && !info.alpha;) {
    const auto type = data.substr(place + 4, 4);
    if (type == "IDAT") break;
    info.alpha = type == "tRNS";
    place += 12 + static_cast<uint32_t>(big32(data, place));
  }
  return info;
}

std::optional<PictureInfo> jpeg(std::string_view data) {
  for (size_t place = 2; place + 9 < data.size();) {
    if (at(data, place) != 0xff) return {};
    const uint32_t marker = at(data, place + 1);
    if (marker == 0xff) {
      ++place;
      continue;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame)
      return PictureInfo{"jpeg", big16(data, place + 7), big16(data, place + 5), false,
                         data.size()};
    place += 2 + static_cast<size_t>(big16(data, place + 2));
  }
  return {};
}

PictureInfo webp(std::string_view data) {
  PictureInfo info{"webp", 0, 0, false, data.size()};
  const auto kind = data.substr(12, 4);
  if (kind == "VP8X") {
    info.alpha = at(data, 20) & 0x10;
    info.width = little24(data, 24) + 1;
    info.height = little24(data, 27) + 1;
  } else if (kind == "VP8L") {
    const auto bits = static_cast<uint32_t>(little32(data, 21));
    info.width = static_cast<int>(bits & 0x3fff) + 1;
    info.height = static_cast<int>(bits >> 14 & 0x3fff) + 1;
    info.alpha = bits >> 28 & 1;
  } else {
    info.width = little16(data, 26) & 0x3fff;
    info.height = little16(data, 28) & 0x3fff;
  }
  return info;
}

} // namespace

std::optional<PictureInfo> read_picture(std::string_view data) {
  if (data.size() < 12) return {};
  if (data.starts_with("\x89PNG\r\n\x1a\n") && data.size() > 33) return png(data);
  if (data.starts_with("\xff\xd8\xff")) return jpeg(data);
  if (data.starts_with("RIFF") && data.substr(8, 4) == "WEBP" && data.size() > 30)
    return webp(data);
  if (data.starts_with("BM") && data.size() > 30)
    return PictureInfo{"bmp", little32(data, 18), std::abs(little32(data, 22)), false, data.size()};
  if (data.starts_with("GIF8"))
    return PictureInfo{"gif", little16(data, 6), little16(data, 8), false, data.size()};
  // The sides of a TIFF are behind its directory; nobody checks them here.
  if (data.starts_with(std::string_view("II*\0", 4)) ||
      data.starts_with(std::string_view("MM\0*", 4)))
    return PictureInfo{"tiff", 0, 0, false, data.size()};
  return {};
}

} // namespace standin
