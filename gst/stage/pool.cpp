// SPDX-License-Identifier: LGPL-2.1-or-later
// See pool.h. Workers share the state by reference count, never the pool itself, so that one that
// hangs in a service cannot hold up a state change.
#include "stage/pool.h"

#include <algorithm>
#include <list>
#include <map>
#include <pthread.h>

namespace aigc {

namespace {

struct Entry {
  enum class State { waiting, running, done };
  State state = State::waiting;
  Job job;
  Outcome outcome;
  bool is_event = false;
  std::string chain{}; ///< of the job, which is gone while it runs
};

struct Chain {
  unsigned shots = 0; ///< entries
  bool running = false;
  Link last;
  guint64 left = 0; ///< the higher, the later its last entry left
};

struct State {
  std::list<Entry> entries; ///< in input order; list: workers keep iterators
  unsigned capacity = 0;    ///< in places
  unsigned places = 0;      ///< chains that have entries, and shots of none
  unsigned shots = 0;       ///< entries that are no events
  std::map<std::string, Chain> chains{};
  guint64 departures = 0;
  int busy = 0; ///< workers that have not left
  bool started = false;
  bool ended = false;
  bool finishing = false;
  bool cancelled = false;

  bool has_waiting() const {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Entry& e) { return e.state == Entry::State::waiting; });
  }
  bool is_full() const {
    return places >= capacity || shots >= std::max(capacity, Pool::kMaxChained) ||
           (started && entries.size() >= shots + Pool::kMaxEvents);
  }

  /// The first entry whose work may begin, or end().
  std::list<Entry>::iterator startable() {
    return std::find_if(entries.begin(), entries.end(), [this](const Entry& e) {
      return e.state == Entry::State::waiting && (e.chain.empty() || !chains.at(e.chain).running);
    });
  }

  void add(Entry entry) {
    if (!entry.is_event) {
      ++shots;
      if (entry.chain.empty() || chains[entry.chain].shots++ == 0) ++places;
    }
    entries.push_back(std::move(entry));
  }

  void remove(std::list<Entry>::iterator entry) {
    if (!entry->is_event) {
      --shots;
      if (entry->chain.empty() || leave(chains.at(entry->chain))) --places;
    }
    entries.erase(entry);
    if (chains.size() > Pool::kMaxRemembered) forget_one();
  }

  /// True for the last of its chain.
  bool leave(Chain& chain) {
    chain.left = ++departures;
    return --chain.shots == 0;
  }

  void forget_one() {
    const auto older = [](const auto& a, const auto& b) {
      return std::pair(a.second.shots, a.second.left) < std::pair(b.second.shots, b.second.left);
    };
    const auto oldest = std::min_element(chains.begin(), chains.end(), older);
    if (oldest->second.shots == 0) chains.erase(oldest);
  }

  Job begin(Entry& entry) {
    entry.state = Entry::State::running;
    Job job = std::move(entry.job);
    if (entry.chain.empty()) return job;
    Chain& chain = chains.at(entry.chain);
    chain.running = true;
    job.before = chain.last;
    return job;
  }

  void end(Entry& entry, Outcome outcome) {
    entry.state = Entry::State::done;
    entry.outcome = std::move(outcome);
    if (entry.chain.empty()) return;
    Chain& chain = chains.at(entry.chain);
    chain.running = false;
    chain.last = entry.outcome.link;
  }
};

using Entries = std::list<Entry>;

Entries::iterator first_in(Entries& entries, Entry::State state) {
  return std::find_if(entries.begin(), entries.end(),
                      [=](const Entry& e) { return e.state == state; });
}

} // namespace

struct Pool::Shared {
  Shared(Work work, Options options) : work(std::move(work)), options(options) {
    auto state = this->state.lock();
    state->capacity = 2 * options.workers;
  }

  /// The entry that may leave next, or end().
  Entries::iterator leaving(State& state) const {
    auto& entries = state.entries;
    if (entries.empty()) return entries.end();
    if (options.order == Order::ready || state.finishing)
      return first_in(entries, Entry::State::done);
    return entries.front().state == Entry::State::done ? entries.begin() : entries.end();
  }

  Push enqueue(Entry entry) {
    {
      auto access = state.lock();
      access.wait(
          [](const State& s) { return s.cancelled || s.finishing || s.ended || !s.is_full(); });
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
  Guarded<State> state;
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
      shared_->options.patience, [=](const State& s) { return s.busy == mine; });
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
    Entries::iterator entry;
    Job job;
    {
      auto state = shared->state.lock();
      const auto may_begin = [](State& s) { return s.startable() != s.entries.end(); };
      state.wait([&](State& s) {
        return s.cancelled || s.finishing ||
               (s.started && (may_begin(s) || (s.ended && !s.has_waiting())));
      });
      if (state->cancelled || state->finishing || !may_begin(*state)) break;
      entry = state->startable();
      job = state->begin(*entry);
    }
    Outcome outcome = shared->work(std::move(job), shared->cancel);
    {
      auto state = shared->state.lock();
      if (!state->cancelled) state->end(*entry, std::move(outcome));
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
  std::string chain = job.chain;
  const Push push =
      shared_->enqueue({Entry::State::waiting, std::move(job), {}, false, std::move(chain)});
  const unsigned places = shared_->state.lock()->places; // as many can be at work
  employ(std::min(places, shared_->options.workers));
  return push;
}

Pool::Push Pool::push_event(Ref<GstEvent> event) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::event;
  outcome.event = std::move(event);
  return shared_->enqueue({Entry::State::done, {}, std::move(outcome), true});
}

void Pool::end() {
  shared_->state.lock()->ended = true;
  shared_->state.notify();
}

std::optional<Shot> Pool::first() {
  auto state = shared_->state.lock();
  state.wait(
      [](const State& s) { return s.cancelled || s.finishing || s.ended || s.has_waiting(); });
  if (state->cancelled || state->finishing || !state->has_waiting()) return std::nullopt;
  return first_in(state->entries, Entry::State::waiting)->job.shot;
}

void Pool::start() {
  shared_->state.lock()->started = true;
  shared_->state.notify();
}

std::optional<Outcome> Pool::next() {
  std::optional<Outcome> outcome;
  {
    auto state = shared_->state.lock();
    state.wait([&](State& s) {
      if (s.cancelled || s.finishing) return true;
      if (s.ended && s.entries.empty()) return true;
      return shared_->leaving(s) != s.entries.end();
    });
    // Those cancelled get a moment to say so before the stream ends.
    if (state->finishing)
      state.wait_for(shared_->options.patience, [&](State& s) {
        return s.cancelled || s.busy == 0 || shared_->leaving(s) != s.entries.end();
      });
    if (state->cancelled) return std::nullopt;
    auto entry = shared_->leaving(*state);
    if (entry == state->entries.end()) return std::nullopt;
    outcome = std::move(entry->outcome);
    state->remove(entry);
  }
  shared_->state.notify();
  return outcome;
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
  return shared_->state.lock()->entries.empty();
}

} // namespace aigc
