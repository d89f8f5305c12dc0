// SPDX-License-Identifier: LGPL-2.1-or-later
// See flow.h. Here: what a live channel asks of a stage while shots are on their way.
#include "stage/flow.h"

namespace aigc {

void StageFlow::drop(const std::string& id) {
  if (auto current = pool()) current->drop(id);
}

bool StageFlow::is_dropped(const std::string& id) const {
  const auto current = pool();
  return current && current->is_dropped(id);
}

double StageFlow::demand(double seconds) {
  std::shared_ptr<Pool> current;
  {
    auto state = state_.lock();
    state->demand = seconds;
    current = state->pool;
  }
  return current ? current->demand(seconds) : seconds;
}

SupplyFacts StageFlow::with_supply(SupplyFacts facts) const {
  const State now = state_.snapshot();
  if (!now.round) return facts;
  const Stats::Recent recent = now.stats->recent();
  facts.success *= recent.success;
  facts.latency_p99 += recent.latency_p99;
  facts.in_flight += now.pool->inside();
  facts.resting = facts.resting || now.round->run->resting();
  if (!now.round->run->makes_clips()) return facts;
  facts.at_once = now.round->run->max_in_flight();
  facts.clip_seconds = recent.seconds;
  facts.latency = recent.latency;
  return facts;
}

/// Upstream keeps account of its shots, and hears of this one from nobody else.
void StageFlow::tell_never_airs(const std::string& id) {
  if (auto sink = adopt(gst_element_get_static_pad(element_, "sink")))
    gst_pad_push_event(sink.get(), aired_event(id, false).leak());
}

} // namespace aigc
