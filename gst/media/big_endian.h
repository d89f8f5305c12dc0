// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers as MP4 boxes hold them, at any address: GST_READ_UINT32_BE reads whole words, which is
// undefined where they are not aligned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aigc {

/// The first `count` bytes (at most 8) as one number, the most significant first.
template <typename Byte> std::uint64_t big_endian(const Byte* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i)
    number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  return number;
}

} // namespace aigc
