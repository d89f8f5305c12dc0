// SPDX-License-Identifier: LGPL-2.1-or-later
// What a call is expected to cost and to take, for those who want to know before they pay.
#include "service/billing.h"
#include "service/paid_call.h"
#include "store/task_times.h"

#include <algorithm>
#include <cmath>

namespace aigc {

namespace {

/// Seconds until the first tasks of a model have been watched; calls that answer at once never are.
double usual_seconds(Role role) {
  switch (role) {
  case Role::words:
    return 8;
  case Role::picture:
    return 12;
  case Role::clip:
    break;
  }
  return 90;
}

constexpr double kBuiltInSeconds = 1;
constexpr unsigned kMostAtOnce = 64; ///< each is a thread

} // namespace

Expectation Driver::expect(const Request& request) const {
  Expectation expected;
  expected.usage = expected_usage(request);
  if (!prices_) {
    expected.cost = 0;
    expected.seconds = kBuiltInSeconds;
    return expected;
  }
  expected.cost = cost_of(*prices_, *backend_, request.model, expected.usage);
  if (expected.cost) expected.currency = prices_->currency();
  if (!expected.cost && backend_->endpoint().free) expected.cost = 0;
  const TimeStats seen = times_->of(edition_of(*backend_), request.model);
  expected.seconds = seen.count > 0 ? std::exp(seen.mean + seen.variance / 2) // of a log-normal
                                    : usual_seconds(request.role);
  const Pace pace = pace_of(*prices_, pace_of(model_of(*backend_, request), request));
  expected.concurrent = pace.concurrent;
  expected.per_second = pace.per_second;
  return expected;
}

unsigned Driver::at_once(const Model& model) const {
  const unsigned places = prices_ ? pace_of(*prices_, model.pace).concurrent : 0;
  if (!places) return model.max_in_flight;
  const bool is_held_back =
      model.max_in_flight < model.pace.concurrent; // by the table, for a reason
  return std::min(2 * places, is_held_back ? model.max_in_flight : kMostAtOnce);
}

unsigned Driver::concurrent_now(const Model& model) const {
  if (!prices_) return 0;
  Request request;
  request.model = model.name;
  const Pace pace = pace_of(&model, request);
  return limiter_for(backend_->endpoint(), *prices_, pace)->concurrent_now();
}

} // namespace aigc
