// SPDX-License-Identifier: LGPL-2.1-or-later
// See clip_factory.h.
#include "clip_factory.h"

#include <algorithm>
#include <cmath>

namespace soak {

ClipFactory::ClipFactory(FactorySettings settings, std::vector<Stock> stocks)
    : settings_(settings), random_(settings.seed) {
  for (auto& stock : stocks)
    (stock.good ? good_ : bad_).push_back(std::move(stock));
}

const Stock& ClipFactory::draw() {
  const bool is_bad =
      !bad_.empty() && std::uniform_real_distribution<double>()(random_) < settings_.bad;
  const auto& from = is_bad ? bad_ : good_;
  return from[std::uniform_int_distribution<size_t>(0, from.size() - 1)(random_)];
}

bool ClipFactory::is_good(const std::string& kind) const {
  return std::any_of(good_.begin(), good_.end(),
                     [&](const Stock& stock) { return stock.kind == kind; });
}

void ClipFactory::order(GstClockTime now, double seconds) {
  std::lognormal_distribution<double> latency(std::log(settings_.median_latency), settings_.spread);
  std::uniform_real_distribution<double> chance;
  while (orders_.size() < settings_.at_once && seconds_in_work_ < seconds) {
    const Stock& stock = draw();
    const double takes = latency(random_);
    latency_sum_ += takes;
    Order order;
    order.done = now + static_cast<GstClockTime>(takes * GST_SECOND);
    order.fails = chance(random_) >= settings_.success;
    order.delivery = {order.done, "item-" + std::to_string(++ordered_), &stock};
    seconds_in_work_ += stock.seconds;
    orders_.push(std::move(order));
  }
}

std::vector<Delivery> ClipFactory::collect(GstClockTime now) {
  std::vector<Delivery> done;
  while (!orders_.empty() && orders_.top().done <= now) {
    const Order& order = orders_.top();
    seconds_in_work_ -= order.delivery.stock->seconds;
    if (!order.fails) done.push_back(order.delivery);
    orders_.pop();
  }
  return done;
}

} // namespace soak
