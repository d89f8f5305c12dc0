// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of a channel on air, from what its elements say. Thread-safe.
#pragma once

#include "base/guarded.h"
#include "base/json.h"
#include "report.h"
#include "shot/shot.h"

#include <chrono>
#include <deque>
#include <list>
#include <map>

namespace aigc::runner {

class ChannelMonitor {
 public:
  explicit ChannelMonitor(std::string channel) : channel_(std::move(channel)) {}

  /// A pipeline is about to start.
  void begin();
  /// What aishotsrc sends: a shot, or the end of one that was taken off the list.
  void hear_list(const GstPadProbeInfo* info);
  void hear(const GstStructure* message);
  void hear(const Step& step);
  /// The pipeline has ended by it, and is built anew.
  void broke(const Problem& problem);
  void set_held(bool held) { facts_.lock()->held = held; }
  /// The shot is wanted no more.
  void forget(const std::string& id);

  /// Something is on air, by its elements' word.
  bool is_on_air() const;
  /// For the command `status`.
  JsonObjectMaker status() const;
  /// Shots in the stages, in the order they were sent: id, title, state (the stage).
  std::vector<JsonObjectMaker> in_work() const;
  bool is_in_work(const std::string& id) const;
  /// The words the shot began with; empty when they are not known any more.
  std::string title(const std::string& id) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct OnAir {
    std::string id, tier;
    guint64 frame = 0, frames = 0;
    gint64 utc = 0; ///< µs
  };
  struct Work {
    std::string id, stage;
  };
  struct Spent {
    Clock::time_point when;
    std::string currency;
    double cost;
  };
  /// A service that rests, or a budget that is spent.
  struct Rest {
    std::string stage, service, message;
    gint64 since = 0; ///< µs
  };
  struct Facts {
    std::optional<OnAir> on_air;
    std::list<Work> in_work;
    std::map<std::string, std::string> titles;
    std::deque<std::string> titled; ///< ids, oldest first
    Ref<JsonObject> level;          ///< the last message clipplayout/level
    std::map<std::string, double> cost;
    std::deque<Spent> last_hour;
    std::list<Rest> rests;
    unsigned left_out = 0, restarts = 0;
    std::optional<Problem> trouble; ///< the last one that ended a pipeline
    bool held = false;

    void sent(const Shot& shot);
    void done(const std::string& id);
    void hear_item(const GstStructure* message);
    void hear_cost(const GstStructure* message);
    void hear_service(const GstStructure* message);
    void forget_old_costs();
    std::string title(const std::string& id) const;
  };

  const std::string channel_;
  const Clock::time_point begun_ = Clock::now();
  mutable Guarded<Facts> facts_;
};

} // namespace aigc::runner
