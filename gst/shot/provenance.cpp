// SPDX-License-Identifier: LGPL-2.1-or-later
// See provenance.h.
#include "shot/provenance.h"

#include <array>

namespace aigc {

std::span<const ProvenanceField> provenance_fields() {
  static const std::array<ProvenanceField, 10> table = {{
      {"stage", &Provenance::stage},
      {"service", &Provenance::service},
      {"model", &Provenance::model},
      {"request-id", &Provenance::request_id},
      {"seed", &Provenance::seed},
      {"cost", &Provenance::cost},
      {"currency", &Provenance::currency},
      {"cache-hit", &Provenance::cache_hit},
      {"preview", &Provenance::preview},
      {"planned", &Provenance::planned},
  }};
  return table;
}

} // namespace aigc
