// SPDX-License-Identifier: LGPL-2.1-or-later
// What the elements of a live channel tell each other: custom events and a query, through pads
// alone, so that any element may stand between.
#pragma once

#include "base/ref.h"

#include <optional>
#include <string>

#include <gst/gst.h>

namespace aigc {

/// Downstream, out of band: the shot `id` is wanted no more. Every stage lets go of it and passes
/// the event on.
Ref<GstEvent> cancel_event(const std::string& id);
/// The id; none for any other event.
std::optional<std::string> cancelled_id(GstEvent* event);

/// Upstream: so many seconds of air are wanted beyond what is there; 0 = order nothing new. A stage
/// takes off what it holds itself and passes on the rest.
Ref<GstEvent> demand_event(double seconds);
std::optional<double> demanded_seconds(GstEvent* event);

/// Upstream: the item `id` has begun on air, or never will (`aired` false).
Ref<GstEvent> aired_event(const std::string& id, bool aired);
struct Aired {
  std::string id;
  bool aired;
};
std::optional<Aired> aired_item(GstEvent* event);

/// What the stages in front say of themselves; the query goes upstream, and each stage that has
/// something to say puts it in and passes the query on.
struct SupplyFacts {
  unsigned at_once = 0;    ///< N: shots worked on at once, of the stage that makes clips
  double clip_seconds = 0; ///< D: mean length of a clip
  double success = 1;      ///< p: share of the shots that something comes of, of all stages
  double latency = 0;      ///< L: mean seconds from order to clip, of the stage that makes clips
  double latency_p99 = 0;  ///< seconds from words to clip: of all stages
  unsigned in_flight = 0;  ///< shots in all stages
  bool resting = false;    ///< a service rests, or the money of the hour is spent
};
Ref<GstQuery> supply_query();
bool is_supply_query(GstQuery* query);
/// Read from the query, or put into it.
SupplyFacts supply_facts(GstQuery* query);
void set_supply_facts(GstQuery* query, const SupplyFacts& facts);

} // namespace aigc
