// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows for model names that are in no table.
#pragma once

#include "service/model.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace aigc {

/// Thread-safe. A row stays as long as this does.
class NamedModels {
 public:
  /// `pattern` with `name`; one row for each role and name.
  const Model* row(const Model& pattern, const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::pair<Role, std::string>, Model> rows_;
};

} // namespace aigc
