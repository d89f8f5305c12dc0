// SPDX-License-Identifier: LGPL-2.1-or-later
// Names in a shot list that are no fields, and look like one mistyped.
#pragma once

#include "base/error.h"
#include "shot/listed_shot.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace aigc {

class DoubtfulNames {
 public:
  /// Looks at what a row holds; `place` is the row's, for messages.
  void look(const ListedShot& listed, const std::string& place);

  /// What there is to warn of, once for each name.
  std::vector<Error> take() { return std::exchange(doubts_, {}); }

  /// Throws Error when no row had words, and a name was near the field of them.
  void check_words() const;

 private:
  std::set<std::string> seen_;
  std::vector<Error> doubts_;
  std::vector<Error> words_; ///< of doubts_, those about words
  bool has_words_ = false;
};

} // namespace aigc
