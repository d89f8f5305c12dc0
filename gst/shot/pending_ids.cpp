// SPDX-License-Identifier: LGPL-2.1-or-later
// See pending_ids.h.
#include "shot/pending_ids.h"

#include "shot/language.h"

#include <charconv>

namespace aigc {

namespace {

std::uint64_t number_in(std::string_view digits, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? number : otherwise;
}

} // namespace

/// FNV-1a.
std::uint64_t digest(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char byte : id)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ull;
  return hash;
}

std::uint64_t made_number(std::string_view id) {
  if (!id.starts_with(kMadeId)) return 0;
  const std::uint64_t number = number_in(id.substr(kMadeId.size()), 0);
  return number <= kMostMade ? number : 0;
}

std::string first_id(const std::string& id) {
  return ends_as_in_turn(id) ? id.substr(0, id.rfind('~')) : id;
}

std::uint64_t count_of(const std::string& id) {
  return ends_as_in_turn(id) ? number_in(std::string_view(id).substr(id.rfind('~') + 1), 1) : 1;
}

void set_count(Shot& shot, std::uint64_t count) {
  const std::string end = count > 1 ? "~" + std::to_string(count) : "";
  shot.id = first_id(shot.id) + end;
  shot.run = first_id(shot.run) + end;
}

Error too_late(const Shot& shot) {
  return Error(Fault::settings, "\"" + shot.id + "\": at is over: " + shot.at,
               "give it a time to come, or none");
}

} // namespace aigc
