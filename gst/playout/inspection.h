// SPDX-License-Identifier: LGPL-2.1-or-later
// A look at a whole clip before it goes on air: what is in it, and what nobody would want to see.
#pragma once

#include "base/ref.h"
#include "media/probe.h"

#include <optional>
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
  GstClockTime inspected = 0;     ///< so much of the clip was looked at
  std::vector<Stretch> stretches; ///< by start; those shorter than the shortest of kinds are none
  std::optional<Error> damage;    ///< pictures are missing, or it turned bad on the way

  /// How much of what was looked at is of that kind, 0..1.
  double share(Stretch::Kind kind) const;
};

/// The shortest stretch that counts: black 0.5 s, frozen and silent 2 s.
GstClockTime shortest(Stretch::Kind kind);

/// Probes the clip and decodes it once, in all haste on one thread. A clip that turns bad in the
/// middle is inspected up to there. Of a clip of more than two minutes twelve parts of ten seconds
/// are looked at, spread evenly from its start to its end; what is not looked at within 20 s is
/// left. A clip without sound has no silent stretches; sound that ends early leaves one. Throws
/// Error as probe_clip() does, and damaged for a clip without a picture that can be decoded.
Inspection inspect_clip(const std::string& uri, Cancel& cancel);

/// Why nobody should see it: black from start to end. What stands still or is silent may be meant,
/// and what is damaged is shown as far as it goes.
std::optional<Error> unfit_for_air(const Inspection& inspection);

/// For the signal `clip-ready` and the message `clipplayout/item`: `duration`, `inspected` (ns),
/// `width`, `height`, `framerate`, `has-audio`, `damaged`, and for each kind `black`, `frozen`,
/// `silent` (double 0..1, of what was inspected).
void put_inspection(const Inspection& inspection, GstStructure* structure);

} // namespace aigc
