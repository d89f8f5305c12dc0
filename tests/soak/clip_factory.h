// SPDX-License-Identifier: LGPL-2.1-or-later
// A cloud of clip makers in virtual time: seeded latencies, failures, and clips of every kind, good
// and bad. It makes nothing; it says when which of a handful of files is done.
#pragma once

#include <cstdint>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include <gst/gst.h>

namespace soak {

/// A file that deliveries are taken from.
struct Stock {
  std::string kind;
  std::string uri;
  double seconds = 0;   ///< on air
  bool good = true;     ///< can be played to its end
  bool in_step = false; ///< a flash and a beep at the same moment
};

struct Delivery {
  GstClockTime when = 0; ///< running time
  std::string id;
  const Stock* stock = nullptr;
};

struct FactorySettings {
  std::uint64_t seed = 1;
  double median_latency = 40; ///< seconds, log-normal
  double spread = 0.7;        ///< sigma of its logarithm
  double success = 0.93;      ///< of the orders; the others never come
  double bad = 0.04;          ///< of the deliveries
  unsigned at_once = 40;
};

class ClipFactory {
 public:
  ClipFactory(FactorySettings settings, std::vector<Stock> stocks);

  /// Orders as many as fit under `seconds` of air asked for, and under the number at once.
  void order(GstClockTime now, double seconds);
  /// What is done by now, in the order in which it came to be.
  std::vector<Delivery> collect(GstClockTime now);
  /// How many may be worked on at once from now on; 0 = all services are down.
  void set_at_once(unsigned count) { settings_.at_once = count; }

  std::uint64_t ordered() const { return ordered_; }
  double latency_sum() const { return latency_sum_; }
  bool is_good(const std::string& kind) const;
  const FactorySettings& settings() const { return settings_; }

 private:
  struct Order {
    GstClockTime done;
    bool fails;
    Delivery delivery;
    bool operator>(const Order& other) const { return done > other.done; }
  };
  const Stock& draw();

  FactorySettings settings_;
  std::vector<Stock> good_, bad_;
  std::mt19937_64 random_;
  std::priority_queue<Order, std::vector<Order>, std::greater<>> orders_;
  double seconds_in_work_ = 0;
  double latency_sum_ = 0;
  std::uint64_t ordered_ = 0;
};

} // namespace soak
