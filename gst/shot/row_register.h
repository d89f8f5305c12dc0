// SPDX-License-Identifier: LGPL-2.1-or-later
// What the rows of a list have taken before: ids, and chains they belong to.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace aigc {

/// Keeps hashes, not names: a list may have hundreds of thousands of rows.
class RowRegister {
 public:
  /// The id of a row that brings none.
  static std::string id_of(std::uint32_t row);

  /// Throws Error{Fault::format} when another row has that id.
  void claim_id(const std::string& id, std::uint32_t row);
  /// Nothing is claimed any more: what is kept is small, and answers has_id() alone.
  void close();
  /// Whether a row has that id; once closed, from any thread.
  bool has_id(const std::string& id) const;

  /// The first row of the chain that `row` belongs to; itself without one.
  std::uint32_t first_of_chain(const std::string& chain, std::uint32_t row);

 private:
  using Rows = std::unordered_map<std::uint64_t, std::uint32_t>;

  Rows ids_;
  std::vector<std::uint64_t> closed_; ///< what ids_ held, sorted
  std::vector<bool> by_number_;       ///< rows with the id their number gives
  Rows chains_;
};

} // namespace aigc
