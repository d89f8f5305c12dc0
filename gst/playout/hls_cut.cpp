// SPDX-License-Identifier: LGPL-2.1-or-later
// See hls_cut.h.
#include "playout/hls_cut.h"

#include <algorithm>

namespace aigc {

bool HlsCut::is_too_long(GstClockTime end) const {
  // A duration that rounds to more than the target must never be listed.
  return end > start_ && end - start_ >= target_ + GST_SECOND / 2;
}

void HlsCut::open(GstClockTime time) {
  if (!GST_CLOCK_TIME_IS_VALID(origin_)) asked_ = origin_ = time;
  start_ = time;
  is_open_ = true;
  at_next_key_ = false;
  // The first grid point that is not this very frame.
  boundary_ = origin_ + ((time + kTolerance - origin_) / target_ + 1) * target_;
}

HlsDecision HlsCut::frame(GstClockTime time, GstClockTime duration, bool is_key) {
  HlsDecision decision;
  if (is_open_ && is_too_long(is_key ? time : time + duration)) {
    decision.end = start_ = std::min(end_, time);
    is_open_ = false;
  }
  if (is_key && (!is_open_ || at_next_key_ || time + kTolerance >= boundary_)) {
    open(time);
    decision.begin = true;
  } else if (!is_open_ && !decision.end && GST_CLOCK_TIME_IS_VALID(origin_) && time > start_ &&
             time - start_ >= target_) {
    decision.end = start_ = time;
  }
  decision.keep = is_open_;
  if (is_open_) end_ = std::max(end_, time + duration);
  return decision;
}

GstClockTime HlsCut::next_request() {
  if (!GST_CLOCK_TIME_IS_VALID(origin_) || asked_ > start_ + kLead) return GST_CLOCK_TIME_NONE;
  asked_ += target_;
  return asked_ - kTolerance;
}

} // namespace aigc
