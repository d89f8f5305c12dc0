// SPDX-License-Identifier: LGPL-2.1-or-later
// See air_time.h.
#include "shot/air_time.h"

#include "base/error.h"
#include "base/ref.h"
#include "base/words.h"

#include <array>
#include <cstdio>
#include <optional>

namespace aigc {

namespace {

struct ZoneRelease {
  void operator()(GTimeZone* zone) const { g_time_zone_unref(zone); }
};
using Zone = std::unique_ptr<GTimeZone, ZoneRelease>;

struct TimeOfDay {
  int hour = 0, minute = 0, second = 0;
};

/// Two digits, at most `limit`, taken from the front.
std::optional<int> take_number(std::string_view& text, int limit) {
  if (text.size() < 2 || !g_ascii_isdigit(text[0]) || !g_ascii_isdigit(text[1]))
    return std::nullopt;
  const int number = (text[0] - '0') * 10 + text[1] - '0';
  text.remove_prefix(2);
  return number <= limit ? std::optional(number) : std::nullopt;
}

std::optional<TimeOfDay> time_of_day(std::string_view text) {
  text = trimmed(text);
  const auto hour = take_number(text, 23);
  if (!hour || !text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  const auto minute = take_number(text, 59);
  if (!minute) return std::nullopt;
  TimeOfDay time{*hour, *minute, 0};
  if (text.empty()) return time;
  if (!text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  const auto second = take_number(text, 59);
  if (!second || !text.empty()) return std::nullopt;
  time.second = *second;
  return time;
}

gint64 micros(GDateTime* time) {
  return g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
}

Ref<GDateTime> date_time(gint64 time) {
  const auto seconds = adopt(g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC));
  return adopt(g_date_time_add(seconds.get(), time % G_USEC_PER_SEC));
}

/// On the first day, from the one of `now` on, when it is later than `now`. The clock may be put
/// forward over the time, so a day more is looked at.
std::optional<gint64> next_time(const TimeOfDay& time, gint64 now, GTimeZone* zone) {
  const auto here = adopt(g_date_time_to_timezone(date_time(now).get(), zone));
  for (int days = 0; days <= 2; ++days) {
    const auto day = adopt(g_date_time_add_days(here.get(), days));
    int year = 0, month = 0, date = 0;
    g_date_time_get_ymd(day.get(), &year, &month, &date);
    const auto then =
        adopt(g_date_time_new(zone, year, month, date, time.hour, time.minute, time.second));
    if (then && micros(then.get()) > now) return micros(then.get());
  }
  return std::nullopt;
}

} // namespace

gint64 air_time(const std::string& text, gint64 now, GTimeZone* zone) {
  const Zone local(zone ? g_time_zone_ref(zone) : g_time_zone_new_local());
  if (const auto time = time_of_day(text)) {
    if (const auto next = next_time(*time, now, local.get())) return *next;
  }
  const std::string written(trimmed(text));
  if (const auto then = adopt(g_date_time_new_from_iso8601(written.c_str(), local.get())))
    return micros(then.get());
  throw Error(Fault::settings, "at is \"" + std::string(bounded(text, 60)) + "\"",
              "write a time of day such as 20:00 or 20:00:30, or a date and time such as "
              "2026-12-01T20:00:00+08:00");
}

bool is_daily(std::string_view text) {
  return time_of_day(text).has_value();
}

std::string air_time_text(gint64 time) {
  const auto utc = date_time(time);
  const Own<gchar> seconds(g_date_time_format(utc.get(), "%Y-%m-%dT%H:%M:%S"));
  std::array<char, 16> rest{};
  std::snprintf(rest.data(), rest.size(), ".%03dZ", g_date_time_get_microsecond(utc.get()) / 1000);
  return seconds.get() + std::string(rest.data());
}

} // namespace aigc
