// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON as language models write it: with commas too many, line ends inside strings, or cut off.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aigc {

/// A value; what it is not stays empty.
struct LooseValue {
  enum class Kind { none, text, number, boolean, list, object };
  Kind kind = Kind::none;
  bool closed = false; ///< its own end was there
  bool truth = false;  ///< of a boolean
  std::string text;    ///< of a string, decoded, or a number as written
  std::vector<LooseValue> items;
  std::vector<std::pair<std::string, LooseValue>> members;
};

/// Reads the value at the start of `text` and stops at its end, wherever it breaks, or past a depth
/// of 16. Never throws for what it reads; the strings it gives are valid UTF-8 without NUL as long
/// as `text` is.
LooseValue read_loose_json(std::string_view text);

} // namespace aigc
