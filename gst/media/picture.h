// SPDX-License-Identifier: LGPL-2.1-or-later
// Still pictures as bytes and as pixels.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aigc {

/// What is taken from outside at most.
inline constexpr size_t kMaxPictureBytes = 64u << 20;
inline constexpr size_t kMaxPicturePixels = 64u << 20;

inline constexpr int kJpegQuality = 92;

/// Pixels: sRGB, straight alpha, 4 bytes R G B A each, rows `4 * width` bytes apart.
struct Raster {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgba;
};

struct PictureInfo {
  std::string mime; ///< "image/png", "image/jpeg" or "image/webp"
  int width = 0;    ///< pixels
  int height = 0;
};

/// Reads type and size from the first bytes, without decoding.
/// Throws Error{Fault::format} for anything that is not a PNG, JPEG or WebP within the limits.
PictureInfo sniff_picture(GBytes* bytes);

/// The same of a file, of which no more is read than that takes; nothing when it is no such picture
/// or cannot be read.
std::optional<PictureInfo> sniff_picture_file(const std::string& path);

/// Decodes with GStreamer's own decoders. Throws Error{Fault::format, missing_plugin, cancelled}.
Raster decode_picture(GBytes* bytes, Cancel& cancel);

/// Encodes to `mime` (see PictureInfo). Throws Error{Fault::format, missing_plugin, cancelled}.
Ref<GBytes> encode_picture(const Raster& raster, const std::string& mime, Cancel& cancel,
                           int jpeg_quality = kJpegQuality);

/// Whether an encoded picture has an alpha channel or a transparent colour, used or not. Throws as
/// sniff_picture().
bool has_alpha(GBytes* bytes);

/// Lays the pixels on white.
void flatten_picture(Raster& raster);

/// A white PNG in the shape of width x height, as small as that shape allows. Throws as
/// encode_picture().
Ref<GBytes> blank_picture(int width, int height, Cancel& cancel);

/// Scaled to cover width x height and cropped around the middle.
Raster fit_picture(const Raster& raster, int width, int height);

} // namespace aigc
