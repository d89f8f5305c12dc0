// SPDX-License-Identifier: LGPL-2.1-or-later
// Ids of pending shots: what they count, and what has one.
#pragma once

#include "base/error.h"
#include "shot/shot.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace aigc {

inline constexpr std::string_view kMadeId = "request-";
/// More are never made; what a list or a journal says beyond that counts nothing.
inline constexpr std::uint64_t kMostMade = 1'000'000'000'000;

/// The same in every run, for it stands in journals.
std::uint64_t digest(std::string_view id);

/// What a made id counts; 0 for any other.
std::uint64_t made_number(std::string_view id);

/// The id without its turn.
std::string first_id(const std::string& id);
/// Which turn an id is of.
std::uint64_t count_of(const std::string& id);
void set_count(Shot& shot, std::uint64_t count);

Error too_late(const Shot& shot);

template <typename Entries> auto find_shot(Entries& entries, const std::string& id) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const auto& entry) { return entry.shot.id == id; });
}
template <typename Entries> bool has_shot(const Entries& entries, const std::string& id) {
  return find_shot(entries, id) != entries.end();
}
template <typename Rows> auto find_row(Rows& rows, const std::string& id) {
  return std::find_if(rows.begin(), rows.end(), [&](const Shot& row) { return row.id == id; });
}

} // namespace aigc
