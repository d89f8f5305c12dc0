// SPDX-License-Identifier: LGPL-2.1-or-later
// See backoff.h.
#include "net/backoff.h"

#include <algorithm>
#include <random>

namespace aigc {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirst = 500ms;
constexpr std::chrono::milliseconds kLongest = 30'000ms;

} // namespace

std::chrono::milliseconds backoff(unsigned tries) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::min(kFirst * (1 << std::min(tries, 10u)), kLongest);
  return longest / 2 + std::chrono::milliseconds(random() % (longest.count() / 2 + 1));
}

} // namespace aigc
