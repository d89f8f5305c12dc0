// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes of single shots of a list: "3=1,7=2".
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <glib.h>

namespace aigc {

/// What a shot may be called by: its number in the list, from 1, and its id. Digits are a number.
std::vector<std::string> shot_names(size_t number, const std::string& id);

class Takes {
 public:
  Takes() = default;
  /// `text` names shots as shot_names() has them. Throws Error{Fault::settings}.
  explicit Takes(std::string_view text);

  /// Name and take of a shot, if it is named.
  const std::pair<const std::string, gint64>* find(size_t number, const std::string& id) const;
  std::set<std::string> names() const;

 private:
  std::unordered_map<std::string, gint64> takes_;
};

} // namespace aigc
