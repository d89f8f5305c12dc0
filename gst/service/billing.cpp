// SPDX-License-Identifier: LGPL-2.1-or-later
// See billing.h.
#include "service/billing.h"

#include <algorithm>

namespace aigc {

namespace {

/// A token is a Chinese character of three bytes at least, and more of any other script.
constexpr size_t kBytesPerToken = 2;
constexpr gint64 kRulesTokens = 1500; ///< of the writer's own rules

} // namespace

Usage expected_usage(const Request& request) {
  Usage usage;
  if (request.role == Role::words) {
    const size_t bytes = request.script.size() + request.words.size() + request.brand.size() +
                         request.system_prompt.size() + request.style.size();
    usage.input_tokens = static_cast<gint64>(bytes / kBytesPerToken) + kRulesTokens;
    usage.output_tokens = request.max_tokens;
  } else if (request.role == Role::picture) {
    usage.pictures = 1;
  } else {
    usage.seconds = request.seconds;
    usage.tier = tier_of(request.size);
  }
  return usage;
}

std::optional<double> cost_of(const Prices& prices, const Backend& backend,
                              const std::string& model, const Usage& usage) {
  const auto own = prices.cost(model, usage);
  return own ? own : prices.cost(backend.price_name(model), usage);
}

Pace pace_of(const Prices& prices, Pace pace) {
  const auto other = prices.limits(pace.group);
  if (other) pace.per_second = other->per_second, pace.concurrent = other->concurrent;
  return pace;
}

Usage billed_usage(const Request& request, const Usage& said) {
  const Usage expected = expected_usage(request);
  if (said == Usage()) return expected;
  Usage usage = said;
  if (request.role == Role::picture) usage.pictures = std::max<gint64>(usage.pictures, 1);
  if (request.role == Role::clip && usage.seconds <= 0) usage.seconds = expected.seconds;
  if (request.role == Role::clip && usage.tier.empty()) usage.tier = expected.tier;
  return usage;
}

} // namespace aigc
