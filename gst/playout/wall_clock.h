// SPDX-License-Identifier: LGPL-2.1-or-later
// The time of day, for items with a fixed air time and for the as-run log.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <glib.h>

namespace aigc {

/// Microseconds since the epoch.
gint64 utc_now();

/// For tests: another clock, or none for the machine's own.
void set_utc_clock(std::function<gint64()> clock);

/// The moment an ISO 8601 text with its zone means; none for any other text.
std::optional<gint64> utc_of(const std::string& text);

} // namespace aigc
