// SPDX-License-Identifier: LGPL-2.1-or-later
// A key: kept and used, never printed.
#pragma once

#include <string>
#include <utility>

namespace aigc {

/// No stream, format or comparison takes one by accident; only reveal() gives the text.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  const std::string& reveal() const { return text_; }

 private:
  std::string text_;
};

} // namespace aigc
