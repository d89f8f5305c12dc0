// SPDX-License-Identifier: LGPL-2.1-or-later
// PNG files written by hand: a sky with a sun over hills, the colours by variant.
#include "media.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace standin {
namespace {

uint32_t crc(const std::string& data) {
  static const auto table = [] {
    std::array<uint32_t, 256> out{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit)
        c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
      out[i] = c;
    }
    return out;
  }();
  uint32_t value = 0xffffffffu;
  for (const char c : data)
    value = table[(value ^ static_cast<uint8_t>(c)) & 255] ^ (value >> 8);
  return ~value;
}

std::string big32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string chunk(const std::string& type, const std::string& data) {
  return big32(static_cast<uint32_t>(data.size())) + type + data + big32(crc(type + data));
}

std::string deflate(const std::string& data) {
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 3);
  std::string out;
  std::array<char, 65536> buffer;
  size_t done = 0;
  for (;;) {
    gsize read = 0, written = 0;
    const auto result = g_converter_convert(G_CONVERTER(compressor), data.data() + done,
                                            data.size() - done, buffer.data(), buffer.size(),
                                            G_CONVERTER_INPUT_AT_END, &read, &written, nullptr);
    done += read;
    out.append(buffer.data(), written);
    if (result == G_CONVERTER_FINISHED || result == G_CONVERTER_ERROR) return out;
  }
}

std::string header(int width, int height) {
  const std::string rgb8 = {8, 2, 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", big32(static_cast<uint32_t>(width)) +
                                                 big32(static_cast<uint32_t>(height)) + rgb8);
}

struct Colour {
  int r, g, b;
};

} // namespace

std::string make_png(int width, int height, int variant) {
  constexpr std::array<std::array<Colour, 3>, 4> palettes = {{
      {{{250, 170, 110}, {60, 70, 130}, {30, 40, 50}}},    // dawn
      {{{150, 200, 240}, {230, 240, 250}, {60, 110, 60}}}, // noon
      {{{20, 20, 60}, {60, 50, 110}, {10, 15, 25}}},       // night
      {{{230, 120, 80}, {250, 210, 130}, {90, 50, 40}}},   // dusk
  }};
  const auto& [top, bottom, hill] = palettes[static_cast<size_t>(variant) % 4];
  const int sun_x = width * (2 + variant) / 8, sun_y = height / 3, radius = height / 9 + 1;
  std::string raw;
  raw.reserve(static_cast<size_t>(height) * (static_cast<size_t>(width) * 3 + 1));
  for (int y = 0; y < height; ++y) {
    raw += '\0'; // no filter
    const int blend = y * 256 / height;
    const Colour sky = {(top.r * (256 - blend) + bottom.r * blend) / 256,
                        (top.g * (256 - blend) + bottom.g * blend) / 256,
                        (top.b * (256 - blend) + bottom.b * blend) / 256};
    for (int x = 0; x < width; ++x) {
      const int64_t dx = x - sun_x, dy = y - sun_y;
      // Two slopes that meet make the hills.
      const int across = (x * 4 + width * variant / 5) % std::max(1, width * 2);
      const int ridge =
          height * 3 / 4 - std::abs(across - width) * height / (8 * std::max(1, width));
      Colour c = y > ridge ? hill : sky;
      if (y <= ridge && dx * dx + dy * dy < int64_t{radius} * radius) c = {255, 245, 210};
      raw += static_cast<char>(c.r);
      raw += static_cast<char>(c.g);
      raw += static_cast<char>(c.b);
    }
  }
  return header(width, height) + chunk("IDAT", deflate(raw)) + chunk("IEND", "");
}

std::string make_picture_bomb() {
  return header(60000, 60000) + chunk("IDAT", deflate(std::string(180001, '\0'))) +
         chunk("IEND", "");
}

} // namespace standin
