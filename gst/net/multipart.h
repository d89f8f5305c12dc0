// SPDX-License-Identifier: LGPL-2.1-or-later
// A form with files, as multipart/form-data (RFC 7578).
#pragma once

#include "base/ref.h"

#include <string>
#include <string_view>

namespace aigc {

/// Parts stand in the order they are added in; names and types are ours, values a stranger's.
class Multipart {
 public:
  Multipart();

  Multipart& field(std::string_view name, std::string_view value);
  Multipart& file(std::string_view name, std::string_view filename, std::string_view type,
                  GBytes* bytes);

  /// For the Content-Type header.
  std::string type() const { return "multipart/form-data; boundary=" + mark_; }
  Ref<GBytes> body() const;

 private:
  std::string mark_; ///< random, so that no value holds it
  std::string parts_;
};

} // namespace aigc
