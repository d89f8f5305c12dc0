// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures a player can begin with.
#include "playout/hls_access_unit.h"

#include <gtest/gtest.h>
#include <vector>

using namespace aigc;

namespace {

using Bytes = std::vector<guint8>;

bool h264(const Bytes& unit) {
  return is_random_access(unit, false);
}
bool h265(const Bytes& unit) {
  return is_random_access(unit, true);
}

} // namespace

TEST(HlsAccessUnit, AnIdrOfH264WhateverStandsBefore) {
  EXPECT_TRUE(h264({0, 0, 0, 1, 0x65, 0x88}));
  EXPECT_TRUE(
      h264({0, 0, 0, 1, 0x09, 0xF0, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4}));
  EXPECT_FALSE(h264({0, 0, 0, 1, 0x41, 0x88, 0, 0, 1, 0x65})) << "the first slice tells";
  EXPECT_FALSE(h264({0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x06, 5, 0, 0, 1, 0x61, 7}))
      << "an intra picture with parameter sets is none";
}

TEST(HlsAccessUnit, AnIrapOfH265) {
  EXPECT_TRUE(h265({0, 0, 0, 1, 32 << 1, 1, 0, 0, 1, 33 << 1, 1, 0, 0, 1, 19 << 1, 1, 9}));
  EXPECT_TRUE(h265({0, 0, 1, 21 << 1, 1, 9}));
  EXPECT_FALSE(h265({0, 0, 1, 1 << 1, 1, 9}));
}

TEST(HlsAccessUnit, WhatIsNoPictureIsNone) {
  for (const Bytes& unit :
       {Bytes{}, Bytes{0, 0, 1}, Bytes{0, 0, 0, 1, 0x67}, Bytes{0x65, 0x65, 0x65}})
    EXPECT_FALSE(h264(unit));
}
