// SPDX-License-Identifier: LGPL-2.1-or-later
// See backend.h.
#include "service/backend.h"

namespace aigc {

const Model& find_model(const Backend& backend, Role role, const std::string& name) {
  std::string known;
  for (const Model& model : backend.models()) {
    if (model.role != role) continue;
    if (name.empty() || name == model.name) return model;
    known += (known.empty() ? "" : ", ") + std::string(model.name);
  }
  throw Error(Fault::settings,
              std::string("model ") + (name.empty() ? "for " : "\"" + name + "\" for ") +
                  stage_name(role) + " is unknown to " + backend.name(),
              known.empty() ? "choose another backend" : "choose one of " + known);
}

} // namespace aigc
