// SPDX-License-Identifier: LGPL-2.1-or-later
// The field table of a provenance record.
#pragma once

#include "shot/shot.h"

namespace aigc {

struct ProvenanceField {
  const char* name;
  std::variant<std::string Provenance::*, gint64 Provenance::*, double Provenance::*,
               bool Provenance::*>
      member;
};
std::span<const ProvenanceField> provenance_fields();

} // namespace aigc
