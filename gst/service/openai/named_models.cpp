// SPDX-License-Identifier: LGPL-2.1-or-later
// See named_models.h.
#include "service/openai/named_models.h"

namespace aigc {

const Model* NamedModels::row(const Model& pattern, const std::string& name) {
  std::lock_guard guard(mutex_);
  const auto [place, fresh] = rows_.try_emplace({pattern.role, name}, pattern);
  if (fresh) place->second.name = place->first.second.c_str();
  return &place->second;
}

} // namespace aigc
