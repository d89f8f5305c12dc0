// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pool knows, behind its lock: who is inside, who goes next, how much may be begun.
#pragma once

#include "stage/pool.h"

#include <deque>
#include <list>
#include <map>
#include <unordered_set>

namespace aigc {

/// A shot or an event from when it came until it leaves.
struct PoolEntry {
  enum class State { waiting, running, done };
  State state = State::waiting;
  Job job;
  Outcome outcome;
  bool is_event = false;
  // Of the job, which is gone while it runs:
  std::string id{};
  std::string chain{};
  gint64 request = 0;
  std::optional<gint64> at{}; ///< when it is to be on air, us since 1970
  double seconds = 0;
  bool is_afresh = false;  ///< goes on from no other
  bool is_dropped = false; ///< while it runs: nothing of it leaves
  std::shared_ptr<Cancel> cancel{};

  static PoolEntry of_job(Job job);
  static PoolEntry of_event(Ref<GstEvent> event);

  bool is_urgent() const { return request > 0 || at.has_value(); }
  /// Goes before `other`, whichever came first.
  bool precedes(const PoolEntry& other) const;
  /// Brings air, now or when it is done.
  bool counts() const {
    return !is_event && (state != State::done || outcome.kind == Outcome::Kind::product);
  }
};

/// The newest ids, kMaxDropped of them.
class RecentIds {
 public:
  void add(const std::string& id);
  bool contains(const std::string& id) const { return known_.contains(id); }

 private:
  std::deque<std::string> order_;
  std::unordered_set<std::string> known_;
};

class PoolState {
 public:
  using Entries = std::list<PoolEntry>; ///< workers keep iterators

  PoolState(unsigned workers, Order order) : workers_(workers), order_(order) {}

  bool started = false;
  bool ended = false;
  bool finishing = false;
  bool cancelled = false;
  int busy = 0; ///< workers that have not left

  /// Workers that those inside can keep busy.
  unsigned most_at_work() const { return places_ + static_cast<unsigned>(dropped_work_.size()); }
  bool has_waiting() const;
  bool is_empty() const { return entries_.empty(); }
  /// Workers are still busy with what has been dropped.
  bool has_dropped_work() const { return !dropped_work_.empty(); }
  bool has_room_for(const PoolEntry& entry) const;
  /// The first shot that waits.
  const Shot& first_waiting() const;

  void add(PoolEntry entry);
  /// The entry whose work may begin next, or none.
  std::optional<Entries::iterator> startable();
  Job begin(PoolEntry& entry);
  void end(Entries::iterator entry, Outcome outcome);

  /// The entry that may leave next, or none.
  std::optional<Entries::iterator> leaving();
  Outcome take(Entries::iterator entry);
  /// What was taken last has been pushed.
  void settle_taken();

  /// The jobs under way that are to be cancelled.
  std::vector<std::shared_ptr<Cancel>> drop(const std::string& id);
  bool is_dropped(const std::string& id) const { return dropped_.contains(id); }
  double demand(double seconds);
  unsigned inside() const { return shots_ + (taken_seconds_ > 0 ? 1 : 0); }

 private:
  struct Chain {
    unsigned shots = 0; ///< entries
    bool running = false;
    bool is_broken = false; ///< the next to come begins afresh
    Link last;
    guint64 left = 0; ///< the higher, the later its last entry left
  };

  unsigned capacity() const;
  /// Nobody overtakes, as in a film.
  bool keeps_order() const { return order_ == Order::input && !demand_; }
  bool may_begin(const PoolEntry& entry) const;
  double under_way() const;
  template <typename Among, typename May>
  std::optional<Entries::iterator> choose(Among among, May may);
  std::optional<Entries::iterator> leaving_in_order();
  void remove(Entries::iterator entry);
  void uncount(const PoolEntry& entry);
  void forget_one_chain();
  void break_chain_after(Entries::iterator entry);

  const unsigned workers_;
  const Order order_;
  Entries entries_;      ///< in input order
  Entries dropped_work_; ///< dropped while a worker was at it, until the worker is back
  unsigned places_ = 0;  ///< chains that have entries, and shots of none
  unsigned shots_ = 0;   ///< entries that are no events
  unsigned requests_ = 0;
  std::map<std::string, Chain> chains_;
  guint64 departures_ = 0;
  RecentIds dropped_;
  std::optional<double> demand_; ///< nothing = no limit
  double usual_seconds_ = kDefaultShotSeconds;
  double taken_seconds_ = 0; ///< of what is being pushed
  double gone_seconds_ = 0;  ///< of what has been pushed since the last demand
};

} // namespace aigc
