// SPDX-License-Identifier: LGPL-2.1-or-later
// See limiter.h.
#include "net/limiter.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>

namespace aigc {

namespace {

using Clock = Limiter::Clock;

/// Calls that leave apart may arrive closer together.
constexpr std::chrono::milliseconds kMargin{20};
/// Limiters kept for calls to come; those at rest go first.
constexpr size_t kMaxShared = 64;

/// Those who wait, in the order they came. Each is woken alone, when it is the first.
using Line = std::list<std::condition_variable>;

void wake_first(Line& line) {
  if (!line.empty()) line.front().notify_one();
}

} // namespace

struct Limiter::State {
  State(double per_second, unsigned concurrent, Clock::duration grow_gap)
      : grow_gap(grow_gap), allowed(concurrent), concurrent(concurrent) {
    if (per_second <= 0) return;
    calls = static_cast<size_t>(std::max(1.0, std::floor(per_second)));
    window = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(calls) / per_second));
    window += kMargin;
  }

  /// When the first in line may call.
  Clock::time_point next() const {
    if (!calls || sent.size() < calls) return not_before;
    return std::max(not_before, sent.front() + window);
  }

  void send(Clock::time_point now) {
    if (!calls) return;
    sent.push_back(now);
    if (sent.size() > calls) sent.pop_front();
  }

  bool at_rest() {
    std::lock_guard guard(mutex);
    const auto now = Clock::now();
    return !busy && places.empty() && turns.empty() && now >= not_before &&
           (sent.empty() || now >= sent.back() + window);
  }

  bool is_slowed() const { return stepped != Clock::time_point{}; }

  std::mutex mutex;
  const Clock::duration grow_gap;
  const unsigned allowed;      ///< by the table, 0 = any number
  unsigned concurrent;         ///< now
  unsigned before = 0;         ///< it was slowed down: so many go on at once in the end
  unsigned successes = 0;      ///< since the last step
  Clock::time_point slowed{};  ///< the last step down
  Clock::time_point stepped{}; ///< the last step, while slowed down
  size_t calls = 0;            ///< in any window of time, 0 = any number
  Clock::duration window{0};
  std::deque<Clock::time_point> sent; ///< the last `calls`
  Clock::time_point not_before{};
  unsigned busy = 0;
  Line places;
  Line turns;
};

namespace {

/// One who waits in `line`, until it goes.
class Place {
 public:
  Place(std::mutex& mutex, Line& line) : mutex_(mutex), line_(line) {
    std::lock_guard guard(mutex_);
    at_ = line_.emplace(line_.end());
  }
  ~Place() {
    std::lock_guard guard(mutex_);
    line_.erase(at_);
    wake_first(line_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool is_first() const { return at_ == line_.begin(); }
  void wake() {
    std::lock_guard guard(mutex_); // it is before its look or in its wait
    at_->notify_one();
  }
  void wait(std::unique_lock<std::mutex>& lock, Clock::time_point until) {
    if (until == Clock::time_point::max())
      at_->wait(lock);
    else
      at_->wait_until(lock, until);
  }

 private:
  std::mutex& mutex_;
  Line& line_;
  Line::iterator at_;
};

/// Waits in `line` until first and `ready()` says so; `ready` may give a time to look again.
template <typename State, typename Ready>
void wait_in(State& state, Line& line, Cancel& cancel, Clock::time_point deadline, Ready ready) {
  Place place(state.mutex, line);
  Cancel::Hook hook(cancel, [&place] { place.wake(); });
  std::unique_lock lock(state.mutex);
  for (;;) {
    if (cancel.cancelled()) throw Error(Fault::cancelled, "cancelled");
    const auto now = Clock::now();
    if (now >= deadline)
      throw Error(Fault::timeout, "the service's rate limit left no room in time",
                  "raise timeout, or ask for fewer results at once");
    Clock::time_point again = deadline;
    if (place.is_first() && ready(now, again)) return;
    place.wait(lock, std::min(again, deadline));
  }
}

} // namespace

Limiter::Limiter(double per_second, unsigned concurrent, Clock::duration grow_gap)
    : state_(std::make_shared<State>(per_second, concurrent, grow_gap)) {}

std::shared_ptr<Limiter> Limiter::shared(const LimiterKey& key, double per_second,
                                         unsigned concurrent) {
  static std::mutex mutex;
  // Never destroyed: a worker may outlive main().
  static auto& limiters = *new std::map<LimiterKey, std::shared_ptr<Limiter>>;
  std::lock_guard guard(mutex);
  if (const auto found = limiters.find(key); found != limiters.end()) return found->second;
  if (limiters.size() >= kMaxShared)
    std::erase_if(limiters, [](const auto& entry) {
      return entry.second.use_count() == 1 && entry.second->state_->at_rest();
    });
  return limiters[key] = std::make_shared<Limiter>(per_second, concurrent);
}

Limiter::Slot& Limiter::Slot::operator=(Slot&& other) noexcept {
  std::swap(owner_, other.owner_);
  return *this;
}

Limiter::Slot::~Slot() {
  if (!owner_) return;
  State& state = *owner_->state_;
  std::lock_guard guard(state.mutex);
  --state.busy;
  wake_first(state.places);
}

Limiter::Slot Limiter::enter(const std::shared_ptr<Limiter>& limiter, Cancel& cancel,
                             Clock::time_point deadline) {
  State& state = *limiter->state_;
  wait_in(state, state.places, cancel, deadline, [&](Clock::time_point, Clock::time_point&) {
    if (state.concurrent && state.busy >= state.concurrent) return false;
    ++state.busy;
    return true;
  });
  return Slot(limiter);
}

void Limiter::pace(Cancel& cancel, Clock::time_point deadline) {
  State& state = *state_;
  wait_in(state, state.turns, cancel, deadline,
          [&](Clock::time_point now, Clock::time_point& again) {
            again = state.next();
            if (now < again) return false;
            state.send(now);
            return true;
          });
}

void Limiter::hold_off(std::chrono::nanoseconds duration) {
  std::lock_guard guard(state_->mutex);
  state_->not_before = std::max(state_->not_before, Clock::now() + duration);
}

std::chrono::nanoseconds Limiter::held_for() const {
  std::lock_guard guard(state_->mutex);
  return std::max<std::chrono::nanoseconds>(state_->not_before - Clock::now(), {});
}

void Limiter::slow_down(Clock::time_point sent) {
  State& state = *state_;
  std::lock_guard guard(state.mutex);
  if (sent < state.slowed) return;
  const unsigned busy = std::max(state.busy, 1u);
  const unsigned most = state.concurrent ? std::min(state.concurrent, busy) : busy;
  if (!state.is_slowed()) state.before = state.allowed ? state.allowed : busy;
  state.concurrent = std::max(most / 2, 1u);
  state.successes = 0;
  state.slowed = state.stepped = Clock::now();
}

void Limiter::succeeded() {
  State& state = *state_;
  std::lock_guard guard(state.mutex);
  if (!state.is_slowed() || ++state.successes < state.concurrent) return;
  const auto now = Clock::now();
  if (now - state.stepped < state.grow_gap) return;
  state.successes = 0;
  state.stepped = now;
  if (++state.concurrent >= state.before) {
    state.concurrent = state.allowed;
    state.stepped = {};
  }
  wake_first(state.places);
}

unsigned Limiter::concurrent_now() const {
  std::lock_guard guard(state_->mutex);
  return state_->concurrent;
}

} // namespace aigc
