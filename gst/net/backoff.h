// SPDX-License-Identifier: LGPL-2.1-or-later
// How long to wait before another try.
#pragma once

#include <chrono>

namespace aigc {

/// Half to all of 0.5 s, 1 s, 2 s, ... up to 30 s, after `tries` failed tries beyond the first: no
/// two clients come back together.
std::chrono::milliseconds backoff(unsigned tries);

/// The same, but not before what the service `asked` for, and then up to a tenth later.
std::chrono::milliseconds backoff(unsigned tries, std::chrono::milliseconds asked);

} // namespace aigc
