// SPDX-License-Identifier: LGPL-2.1-or-later
// See pool.h. Workers share the state by reference count, never the pool itself, so that one that
// hangs in a service cannot hold up a state change.
#include "stage/pool.h"

#include "stage/pool_state.h"

#include <algorithm>
#include <pthread.h>

namespace aigc {

struct Pool::Shared {
  Shared(Work work, Options options)
      : work(std::move(work)), options(options), state(PoolState(options.workers, options.order)) {}

  Push enqueue(PoolEntry entry) {
    {
      auto access = state.lock();
      access.wait([&](const PoolState& s) {
        return s.cancelled || s.finishing || s.ended || s.has_room_for(entry);
      });
      if (access->cancelled) return Push::cancelled;
      if (access->finishing || access->ended) return Push::finishing;
      access->add(std::move(entry));
    }
    state.notify();
    return Push::taken;
  }

  Work work;
  Options options;
  Cancel cancel;
  Guarded<PoolState> state;
};

Pool::Pool(Work work, Options options)
    : shared_(std::make_shared<Shared>(std::move(work), Options{std::max(1u, options.workers),
                                                                options.order, options.patience})) {
  employ(1);
}

Pool::~Pool() {
  leave_workers();
}

/// Few threads are slower than many, and none is a fault.
void Pool::employ(unsigned workers) {
  while (threads_.size() < workers) {
    ++shared_->state.lock()->busy;
    try {
      threads_.emplace_back(run_worker, shared_);
    } catch (const std::system_error& error) {
      --shared_->state.lock()->busy;
      if (!threads_.empty()) return;
      throw Error(Fault::settings, std::string("no thread could be started: ") + error.what(),
                  "raise the limit on threads, or work on fewer rows at once");
    }
  }
}

/// One of the workers may be the caller, when it was the last to hold the pool.
void Pool::leave_workers() {
  cancel();
  const auto me = std::this_thread::get_id();
  const int mine = static_cast<int>(std::count_if(
      threads_.begin(), threads_.end(), [=](const auto& thread) { return thread.get_id() == me; }));
  const bool all_left = shared_->state.lock().wait_for(
      shared_->options.patience, [=](const PoolState& s) { return s.busy == mine; });
  for (auto& thread : threads_) {
    if (all_left && thread.get_id() != me)
      thread.join();
    else
      thread.detach();
  }
}

void Pool::run_worker(std::shared_ptr<Shared> shared) {
  pthread_setname_np(pthread_self(), "aigc-worker");
  for (;;) {
    PoolState::Entries::iterator entry;
    std::shared_ptr<Cancel> cancel;
    Job job;
    {
      auto state = shared->state.lock();
      state.wait([&](PoolState& s) {
        return s.cancelled || s.finishing ||
               (s.started && (s.startable() || (s.ended && !s.has_waiting())));
      });
      const auto next = state->startable();
      if (state->cancelled || state->finishing || !next) break;
      entry = *next;
      job = state->begin(*entry);
      cancel = entry->cancel;
    }
    Outcome outcome = [&] {
      Cancel::Hook with_all(shared->cancel, [&] { cancel->cancel(); });
      return shared->work(std::move(job), *cancel);
    }();
    {
      auto state = shared->state.lock();
      if (!state->cancelled) state->end(entry, std::move(outcome));
    }
    shared->state.notify();
  }
  Work last; // what the work holds goes with the last worker, outside the lock
  {
    auto state = shared->state.lock();
    if (--state->busy == 0) last.swap(shared->work);
  }
  shared->state.notify();
}

Pool::Push Pool::push(Job job) {
  const Push push = shared_->enqueue(PoolEntry::of_job(std::move(job)));
  const unsigned at_work = shared_->state.lock()->most_at_work();
  employ(std::min(at_work, shared_->options.workers));
  return push;
}

Pool::Push Pool::push_event(Ref<GstEvent> event) {
  return shared_->enqueue(PoolEntry::of_event(std::move(event)));
}

void Pool::end() {
  shared_->state.lock()->ended = true;
  shared_->state.notify();
}

std::optional<Shot> Pool::first() {
  auto state = shared_->state.lock();
  state.wait(
      [](const PoolState& s) { return s.cancelled || s.finishing || s.ended || s.has_waiting(); });
  if (state->cancelled || state->finishing || !state->has_waiting()) return std::nullopt;
  return state->first_waiting();
}

void Pool::start() {
  shared_->state.lock()->started = true;
  shared_->state.notify();
}

std::optional<Outcome> Pool::next() {
  std::optional<Outcome> outcome;
  {
    auto state = shared_->state.lock();
    state->settle_taken();
    state.wait([](PoolState& s) {
      return s.cancelled || s.finishing || (s.ended && s.is_empty()) || s.leaving();
    });
    // Those cancelled get a moment to say so before the stream ends.
    const bool is_over = state->ended && state->is_empty();
    if (state->finishing || is_over)
      state.wait_for(shared_->options.patience, [=](PoolState& s) {
        return s.cancelled || (is_over ? !s.has_dropped_work() : s.busy == 0) || s.leaving();
      });
    if (state->cancelled) return std::nullopt;
    const auto entry = state->leaving();
    if (!entry) return std::nullopt;
    outcome = state->take(*entry);
  }
  shared_->state.notify();
  return outcome;
}

void Pool::drop(const std::string& id) {
  const auto to_cancel = shared_->state.lock()->drop(id);
  shared_->state.notify();
  for (const auto& cancel : to_cancel)
    cancel->cancel();
}

bool Pool::is_dropped(const std::string& id) const {
  return shared_->state.lock()->is_dropped(id);
}

double Pool::demand(double seconds) {
  const double rest = shared_->state.lock()->demand(seconds);
  shared_->state.notify();
  return rest;
}

unsigned Pool::inside() const {
  return shared_->state.lock()->inside();
}

void Pool::finish() {
  shared_->state.lock()->finishing = true;
  shared_->state.notify();
  shared_->cancel.cancel();
}

void Pool::cancel() {
  {
    auto state = shared_->state.lock();
    state->cancelled = true;
  }
  shared_->state.notify();
  shared_->cancel.cancel();
}

bool Pool::empty() const {
  return shared_->state.lock()->is_empty();
}

} // namespace aigc
