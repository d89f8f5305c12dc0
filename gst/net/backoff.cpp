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

std::chrono::milliseconds any_up_to(std::chrono::milliseconds longest) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(random() % (longest.count() + 1));
}

} // namespace

std::chrono::milliseconds backoff(unsigned tries) {
  const auto longest = std::min(kFirst * (1 << std::min(tries, 10u)), kLongest);
  return longest / 2 + any_up_to(longest / 2);
}

std::chrono::milliseconds backoff(unsigned tries, std::chrono::milliseconds asked) {
  return std::max(backoff(tries), asked + any_up_to(asked / 10));
}

} // namespace aigc
