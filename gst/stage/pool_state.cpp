// SPDX-License-Identifier: LGPL-2.1-or-later
// See pool_state.h.
#include "stage/pool_state.h"

#include "shot/air_time.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

namespace aigc {

namespace {

std::optional<gint64> time_of(const std::string& at) {
  if (at.empty()) return std::nullopt;
  try {
    return air_time(at, g_get_real_time());
  } catch (const Error&) {
    return std::nullopt; // whoever puts it on air says so
  }
}

} // namespace

PoolEntry PoolEntry::of_job(Job job) {
  PoolEntry entry;
  entry.id = job.shot.id;
  entry.chain = job.chain;
  entry.request = job.shot.request;
  entry.at = time_of(job.shot.at);
  entry.seconds = job.seconds;
  entry.job = std::move(job);
  return entry;
}

PoolEntry PoolEntry::of_event(Ref<GstEvent> event) {
  PoolEntry entry;
  entry.state = State::done;
  entry.is_event = true;
  entry.outcome.kind = Outcome::Kind::event;
  entry.outcome.event = std::move(event);
  return entry;
}

bool PoolEntry::precedes(const PoolEntry& other) const {
  static constexpr gint64 last = std::numeric_limits<gint64>::max();
  const auto rank = [](const PoolEntry& e) {
    return std::tuple(e.request > 0 ? e.request : last, e.at.value_or(last));
  };
  return rank(*this) < rank(other);
}

void RecentIds::add(const std::string& id) {
  if (!known_.insert(id).second) return;
  order_.push_back(id);
  if (order_.size() <= Pool::kMaxDropped) return;
  known_.erase(order_.front());
  order_.pop_front();
}

// --- what is inside ------------------------------------------------------------------------------

bool PoolState::has_waiting() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const PoolEntry& e) { return e.state == PoolEntry::State::waiting; });
}

const Shot& PoolState::first_waiting() const {
  return std::find_if(entries_.begin(), entries_.end(),
                      [](const PoolEntry& e) { return e.state == PoolEntry::State::waiting; })
      ->job.shot;
}

unsigned PoolState::capacity() const {
  return workers_ * (demand_ ? Pool::kPerWorkerOnDemand : Pool::kPerWorker);
}

bool PoolState::has_room_for(const PoolEntry& entry) const {
  if (!keeps_order() && entry.request > 0) return requests_ < Pool::kMaxRequests;
  return places_ < capacity() && shots_ < std::max(capacity(), Pool::kMaxChained) &&
         (!started || entries_.size() < shots_ + Pool::kMaxEvents);
}

void PoolState::add(PoolEntry entry) {
  const bool is_unwanted = !entry.is_event && dropped_.contains(entry.id);
  if (!entry.is_event) {
    usual_seconds_ = entry.seconds;
    ++shots_;
    requests_ += entry.request > 0;
    if (entry.chain.empty()) {
      ++places_;
    } else {
      Chain& chain = chains_[entry.chain];
      if (chain.shots++ == 0) ++places_;
      entry.is_afresh = std::exchange(chain.is_broken, false);
    }
  }
  const auto place = entries_.insert(entries_.end(), std::move(entry));
  if (!is_unwanted) return;
  break_chain_after(place);
  remove(place);
}

void PoolState::uncount(const PoolEntry& entry) {
  if (entry.is_event) return;
  --shots_;
  requests_ -= entry.request > 0;
  if (entry.chain.empty()) {
    --places_;
    return;
  }
  Chain& chain = chains_.at(entry.chain);
  chain.left = ++departures_;
  if (--chain.shots == 0) --places_;
}

void PoolState::remove(Entries::iterator entry) {
  uncount(*entry);
  entries_.erase(entry);
  if (chains_.size() > Pool::kMaxRemembered) forget_one_chain();
}

void PoolState::forget_one_chain() {
  const auto older = [](const auto& a, const auto& b) {
    return std::pair(a.second.shots, a.second.left) < std::pair(b.second.shots, b.second.left);
  };
  const auto oldest = std::min_element(chains_.begin(), chains_.end(), older);
  if (oldest->second.shots == 0) chains_.erase(oldest);
}

// --- what goes next ------------------------------------------------------------------------------

/// Of those `among` which it looks and first of their chain there, the one that goes first and that
/// `may`.
template <typename Among, typename May>
std::optional<PoolState::Entries::iterator> PoolState::choose(Among among, May may) {
  std::optional<Entries::iterator> best;
  std::set<std::string_view> chains; // whose first has been seen
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (!among(*entry)) continue;
    if (!entry->chain.empty() && !chains.insert(entry->chain).second) continue;
    if (!may(*entry)) continue;
    if (keeps_order()) return entry;
    if (!best || entry->precedes(**best)) best = entry;
  }
  return best;
}

double PoolState::under_way() const {
  double seconds = taken_seconds_ + gone_seconds_;
  for (const PoolEntry& entry : entries_)
    if (entry.state != PoolEntry::State::waiting && entry.counts()) seconds += entry.seconds;
  return seconds;
}

bool PoolState::may_begin(const PoolEntry& entry) const {
  return !demand_ || entry.is_urgent() || *demand_ > under_way();
}

std::optional<PoolState::Entries::iterator> PoolState::startable() {
  const auto waits = [](const PoolEntry& e) { return e.state == PoolEntry::State::waiting; };
  return choose(waits, [this](const PoolEntry& entry) {
    return (entry.chain.empty() || !chains_.at(entry.chain).running) && may_begin(entry);
  });
}

/// With Order::input: of the requests, the fixed times and the others each the first, as far as it
/// is done.
std::optional<PoolState::Entries::iterator> PoolState::leaving_in_order() {
  const auto is_done = [](const PoolEntry& e) { return e.state == PoolEntry::State::done; };
  if (keeps_order())
    return is_done(entries_.front()) ? std::optional(entries_.begin()) : std::nullopt;
  const auto is_shot = [](const PoolEntry& e) { return !e.is_event; };
  const auto is_asked = [](const PoolEntry& e) { return e.request > 0; };
  const auto is_timed = [](const PoolEntry& e) { return e.request <= 0 && e.at; };
  if (const auto first = choose(is_shot, is_asked); first && is_done(**first)) return first;
  if (const auto first = choose(is_shot, is_timed); first && is_done(**first)) return first;
  const auto front = std::find_if(entries_.begin(), entries_.end(),
                                  [](const PoolEntry& e) { return !e.is_urgent(); });
  if (front == entries_.end() || !is_done(*front)) return std::nullopt;
  const bool is_behind = std::any_of(entries_.begin(), front, [&](const PoolEntry& other) {
    return !other.chain.empty() && other.chain == front->chain;
  });
  return is_behind ? std::nullopt : std::optional(front);
}

std::optional<PoolState::Entries::iterator> PoolState::leaving() {
  if (entries_.empty()) return std::nullopt;
  if (order_ == Order::ready || finishing)
    return choose([](const PoolEntry& e) { return e.state == PoolEntry::State::done; },
                  [](const PoolEntry&) { return true; });
  return leaving_in_order();
}

// --- the way through -----------------------------------------------------------------------------

Job PoolState::begin(PoolEntry& entry) {
  entry.state = PoolEntry::State::running;
  entry.cancel = std::make_shared<Cancel>();
  Job job = std::move(entry.job);
  if (entry.chain.empty()) return job;
  Chain& chain = chains_.at(entry.chain);
  chain.running = true;
  if (!entry.is_afresh) job.before = chain.last;
  return job;
}

void PoolState::end(Entries::iterator entry, Outcome outcome) {
  if (entry->is_dropped) {
    dropped_work_.erase(entry);
    return;
  }
  entry->state = PoolEntry::State::done;
  entry->outcome = std::move(outcome);
  if (entry->chain.empty()) return;
  Chain& chain = chains_.at(entry->chain);
  chain.running = false;
  chain.last = entry->outcome.link;
}

Outcome PoolState::take(Entries::iterator entry) {
  if (entry->counts()) taken_seconds_ = entry->seconds;
  Outcome outcome = std::move(entry->outcome);
  remove(entry);
  return outcome;
}

void PoolState::settle_taken() {
  gone_seconds_ += std::exchange(taken_seconds_, 0);
}

/// The next of its chain, inside or still to come, goes on from nothing.
void PoolState::break_chain_after(Entries::iterator entry) {
  if (entry->chain.empty()) return;
  const auto next = std::find_if(std::next(entry), entries_.end(), [&](const PoolEntry& other) {
    return other.chain == entry->chain;
  });
  if (next == entries_.end())
    chains_.at(entry->chain).is_broken = true;
  else
    next->is_afresh = true;
}

std::vector<std::shared_ptr<Cancel>> PoolState::drop(const std::string& id) {
  std::vector<std::shared_ptr<Cancel>> to_cancel;
  dropped_.add(id);
  for (auto next = entries_.begin(); next != entries_.end();) {
    const auto entry = next++;
    if (entry->is_event || entry->id != id) continue;
    break_chain_after(entry);
    if (entry->state != PoolEntry::State::running) {
      remove(entry);
      continue;
    }
    // Those behind it need not wait for a service that does not let go.
    if (!entry->chain.empty()) chains_.at(entry->chain).running = false;
    entry->is_dropped = true;
    to_cancel.push_back(entry->cancel);
    uncount(*entry);
    dropped_work_.splice(dropped_work_.end(), entries_, entry);
  }
  return to_cancel;
}

double PoolState::demand(double seconds) {
  demand_ = seconds;
  gone_seconds_ = 0;
  double inside = taken_seconds_;
  for (const PoolEntry& entry : entries_)
    if (entry.counts()) inside += entry.seconds;
  const unsigned room = capacity() > places_ ? capacity() - places_ : 0;
  return std::max(0.0, std::min(seconds - inside, room * usual_seconds_));
}

} // namespace aigc
