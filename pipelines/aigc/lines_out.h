// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines for somebody who may have stopped reading: what is not taken is left out, nobody waits.
#pragma once

#include <functional>
#include <string>

namespace aigc::runner {

class LinesOut {
 public:
  /// The line that stands for `count` lines which were left out.
  using LeftOut = std::function<std::string(unsigned long count)>;

  LinesOut(int descriptor, LeftOut left_out)
      : descriptor_(descriptor), left_out_(std::move(left_out)) {}

  void print(const std::string& line);

 private:
  bool send(const std::string& text);

  const int descriptor_;
  const LeftOut left_out_;
  unsigned long missed_ = 0;
  bool is_cut_ = false; ///< the last line has no end
};

} // namespace aigc::runner
