// SPDX-License-Identifier: LGPL-2.1-or-later
// Fixed air times of shots, as people and lists write them.
#pragma once

#include <string>
#include <string_view>

#include <glib.h>

namespace aigc {

/// What `text` means at `now`, both in µs since 1970: a time of day such as 20:00 or 20:00:30 is
/// the next such time after `now`; ISO 8601 is with its own zone, or without one in `zone` (null =
/// this machine's). Throws Error{Fault::settings}.
gint64 air_time(const std::string& text, gint64 now, GTimeZone* zone = nullptr);

/// Whether it is a time of day, which comes again every day.
bool is_daily(std::string_view text);

/// As shots carry it: 2026-11-29T20:00:00.000Z.
std::string air_time_text(gint64 time);

} // namespace aigc
