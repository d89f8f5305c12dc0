// SPDX-License-Identifier: LGPL-2.1-or-later
// See row_register.h.
#include "shot/row_register.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <functional>

namespace aigc {

namespace {

constexpr std::string_view kPrefix = "shot-";

std::uint64_t hash_of(const std::string& text) {
  return std::hash<std::string>{}(text);
}

/// The row whose own number gives it this id; 0 for any other id.
std::uint32_t row_of(const std::string& id) {
  std::uint32_t row = 0;
  const char* end = id.data() + id.size();
  if (!id.starts_with(kPrefix) || id.starts_with("shot-0")) return 0;
  const auto read = std::from_chars(id.data() + kPrefix.size(), end, row);
  return read.ec == std::errc() && read.ptr == end ? row : 0;
}

[[noreturn]] void taken(const std::string& id, std::uint32_t row) {
  throw Error(Fault::format, "id: \"" + id + "\" is already taken by row " + std::to_string(row),
              "give every shot an id of its own, or none");
}

} // namespace

std::string RowRegister::id_of(std::uint32_t row) {
  return std::string(kPrefix) + std::to_string(row);
}

void RowRegister::claim_id(const std::string& id, std::uint32_t row) {
  const std::uint32_t number = row_of(id);
  if (number < by_number_.size() && by_number_[number]) taken(id, number);
  if (number == row) {
    if (const auto other = ids_.find(hash_of(id)); other != ids_.end()) taken(id, other->second);
    if (by_number_.size() <= row) by_number_.resize(row + 1);
    by_number_[row] = true;
  } else if (const auto [other, fresh] = ids_.emplace(hash_of(id), row); !fresh) {
    taken(id, other->second);
  }
}

void RowRegister::close() {
  closed_.reserve(ids_.size());
  for (const auto& [hash, row] : ids_)
    closed_.push_back(hash);
  std::sort(closed_.begin(), closed_.end());
  ids_ = {};
}

bool RowRegister::has_id(const std::string& id) const {
  const std::uint32_t number = row_of(id);
  return (number < by_number_.size() && by_number_[number]) ||
         std::binary_search(closed_.begin(), closed_.end(), hash_of(id));
}

std::uint32_t RowRegister::first_of_chain(const std::string& chain, std::uint32_t row) {
  return chain.empty() ? row : chains_.emplace(hash_of(chain), row).first->second;
}

} // namespace aigc
