// SPDX-License-Identifier: LGPL-2.1-or-later
// Fixed air times: times of day in zones that change their clocks, and ISO 8601.
#include "base/error.h"
#include "shot/air_time.h"
#include "shot/shot.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

struct Zone {
  explicit Zone(const char* name) : zone(g_time_zone_new_identifier(name)) {}
  ~Zone() { g_time_zone_unref(zone); }
  GTimeZone* zone;
};

/// What `text` means in a zone, from a time that is given in UTC.
std::string at(const std::string& text, const std::string& now, const char* zone = "UTC") {
  const Zone there(zone);
  return air_time_text(air_time(text, air_time(now, 0, there.zone), there.zone));
}

} // namespace

TEST(AirTime, ATimeOfDayIsTheNextSuchTime) {
  EXPECT_EQ(at("20:00", "2026-11-29T19:59:59Z"), "2026-11-29T20:00:00.000Z");
  EXPECT_EQ(at("20:00", "2026-11-29T20:00:00Z"), "2026-11-30T20:00:00.000Z");
  EXPECT_EQ(at("20:00:30", "2026-11-29T20:00:00Z"), "2026-11-29T20:00:30.000Z");
  EXPECT_EQ(at("00:00", "2026-12-31T12:00:00Z"), "2027-01-01T00:00:00.000Z");
  EXPECT_EQ(at(" 07:05 ", "2026-11-29T00:00:00Z"), "2026-11-29T07:05:00.000Z");
}

TEST(AirTime, AZoneIsKept) {
  EXPECT_EQ(at("20:00", "2026-11-29T11:00:00Z", "Asia/Shanghai"), "2026-11-29T12:00:00.000Z");
  EXPECT_EQ(at("20:00", "2026-11-29T13:00:00Z", "Asia/Shanghai"), "2026-11-30T12:00:00.000Z");
  EXPECT_EQ(at("2026-12-01T20:00:00", "2026-11-29T00:00:00Z", "Asia/Shanghai"),
            "2026-12-01T12:00:00.000Z");
  EXPECT_EQ(at("2026-12-01T20:00:00.25-05:00", "2026-11-29T00:00:00Z", "Asia/Shanghai"),
            "2026-12-02T01:00:00.250Z");
  EXPECT_EQ(at("2020-01-01T00:00:00Z", "2026-11-29T00:00:00Z"), "2020-01-01T00:00:00.000Z");
}

TEST(AirTime, ClocksThatArePutForwardOrBack) {
  // Berlin, 2026-03-29: 02:00 becomes 03:00. Every day has its 20:00, however long it is.
  EXPECT_EQ(at("20:00", "2026-03-28T20:00:00Z", "Europe/Berlin"), "2026-03-29T18:00:00.000Z");
  EXPECT_EQ(at("20:00", "2026-03-27T20:00:00Z", "Europe/Berlin"), "2026-03-28T19:00:00.000Z");
  // There is no 02:30 on that day: something within the hour, and never the day after.
  const auto skipped = at("02:30", "2026-03-29T00:00:00Z", "Europe/Berlin");
  EXPECT_GE(skipped, "2026-03-29T00:30:00.000Z");
  EXPECT_LE(skipped, "2026-03-29T01:30:00.000Z");
  // 2026-10-25: 03:00 becomes 02:00, so 02:30 is there twice; after both comes the next day.
  const auto twice = at("02:30", "2026-10-24T23:00:00Z", "Europe/Berlin");
  EXPECT_TRUE(twice == "2026-10-25T00:30:00.000Z" || twice == "2026-10-25T01:30:00.000Z") << twice;
  EXPECT_EQ(at("02:30", "2026-10-25T02:00:00Z", "Europe/Berlin"), "2026-10-26T01:30:00.000Z");
}

TEST(AirTime, WhatIsNoTimeIsRefusedByTheNameOfTheField) {
  for (const char* text : {"24:00", "20:60", "8:00", "20:00:60", "20", "20:00 pm", "tomorrow",
                           "2026-13-01T00:00:00Z", "2026-11-29", "-1:00", "20:00:00.5"}) {
    Shot shot;
    shot.at = text;
    try {
      check_shot(shot);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("at is \"")) << error.what();
      EXPECT_NE(error.remedy.find("20:00"), std::string::npos);
    }
  }
  EXPECT_TRUE(is_daily("20:00"));
  EXPECT_FALSE(is_daily("2026-11-29T20:00:00Z"));
}
