// SPDX-License-Identifier: LGPL-2.1-or-later
// A look at a whole clip before it goes on air: what is in it, and what nobody would want to see.
#pragma once

#include "base/ref.h"
#include "media/probe.h"

#include <vector>

namespace aigc {

/// A stretch of a clip that a viewer takes for a fault.
struct Stretch {
  enum class Kind { black, frozen, silent } kind;
  GstClockTime start; ///< from the clip's first frame
  GstClockTime length;
};

struct Inspection {
  ClipInfo clip;
  std::vector<Stretch> stretches; ///< by start; those shorter than the shortest of kinds are none

  /// How much of the clip is of that kind, 0..1.
  double share(Stretch::Kind kind) const;
};

/// The shortest stretch that counts: black 0.5 s, frozen and silent 2 s.
GstClockTime shortest(Stretch::Kind kind);

/// Probes the clip and decodes it once, small and in all haste. A clip that turns bad in the middle
/// is inspected up to there. Throws Error as probe_clip() does, and damaged for a clip without a
/// picture that can be decoded.
Inspection inspect_clip(const std::string& uri, Cancel& cancel);

/// For the signal `clip-ready` and the message `clipplayout/item`: `duration` (ns), `width`,
/// `height`, `framerate`, `has-audio`, and for each kind `black`, `frozen`, `silent` (double 0..1).
void put_inspection(const Inspection& inspection, GstStructure* structure);

} // namespace aigc
