// SPDX-License-Identifier: LGPL-2.1-or-later
// Small helpers: ids, times, percent-decoding, signatures, timers of the main loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace standin {

std::string new_id();                 // a UUID
int64_t now_ms();                     // wall clock, since 1970
double now_seconds();                 // monotonic
std::string service_time(int64_t ms); // "2026-11-22 10:00:00.120", local time without a zone
int64_t compact_time_ms(const std::string& text); // "20261122100000"; -1 when it is none

std::string percent_decode(std::string_view text, bool plus_is_space = false);
std::map<std::string, std::string> parse_query(std::string_view raw);
std::string sign(const std::string& text); // base64 of an HMAC-SHA1, percent-encoded
uint32_t hash(std::string_view text);

// Runs work on the main loop after that many seconds; at once when it is 0 or less.
void after(double seconds, std::function<void()> work);
// Runs work on the main loop, never inside the call. From any thread.
void later(std::function<void()> work);

// Cuts to at most that many characters of UTF-8.
std::string cut(const std::string& text, size_t characters);
size_t characters(const std::string& text);
std::string lower(std::string_view text);

} // namespace standin
