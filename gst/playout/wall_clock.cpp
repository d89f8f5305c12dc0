// SPDX-License-Identifier: LGPL-2.1-or-later
// See wall_clock.h.
#include "playout/wall_clock.h"

#include "base/guarded.h"
#include "base/ref.h"

namespace aigc {

static Guarded<std::function<gint64()>>& clock() {
  static Guarded<std::function<gint64()>> instance;
  return instance;
}

gint64 utc_now() {
  const auto other = clock().snapshot();
  return other ? other() : g_get_real_time();
}

void set_utc_clock(std::function<gint64()> other) {
  *clock().lock() = std::move(other);
}

std::optional<gint64> utc_of(const std::string& text) {
  auto moment = adopt(g_date_time_new_from_iso8601(text.c_str(), nullptr));
  if (!moment) return std::nullopt;
  return g_date_time_to_unix(moment.get()) * G_USEC_PER_SEC +
         g_date_time_get_microsecond(moment.get());
}

} // namespace aigc
