// SPDX-License-Identifier: LGPL-2.1-or-later
// See batch_pool.h.
#include "batch_pool.h"

#include <algorithm>
#include <optional>

namespace aigc::runner {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// How long rows may take to end well after an interruption, and to stop after the second. The
/// latter is less than SignalWatch grants.
constexpr auto kEndWell = 10s;
constexpr auto kStop = 500ms;
constexpr unsigned kTickMs = 200;

/// A default main context for this thread, for the bus of what it runs.
class ThreadContext {
 public:
  ThreadContext() : context_(adopt(g_main_context_new())) {
    g_main_context_push_thread_default(context_.get());
  }
  ~ThreadContext() { g_main_context_pop_thread_default(context_.get()); }
  ThreadContext(const ThreadContext&) = delete;
  ThreadContext& operator=(const ThreadContext&) = delete;

 private:
  Ref<GMainContext> context_;
};

/// Lets the default main context come round often.
class Ticker {
 public:
  Ticker()
      : id_(g_timeout_add(
            kTickMs, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr)) {}
  ~Ticker() { g_source_remove(id_); }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  guint id_;
};

} // namespace

BatchPool::BatchPool(std::vector<BatchResult>& results, MakeItem make, BatchDisplay& display)
    : results_(results), make_(std::move(make)), display_(display),
      to_make_(static_cast<size_t>(
          std::count_if(results.begin(), results.end(), [](const BatchResult& result) {
            return result.state == RowState::waiting;
          }))) {
  state_.lock()->counts.to_make = to_make_;
}

BatchCounts BatchPool::counts() {
  return state_.lock()->counts;
}

BatchResult* BatchPool::take(const Interrupt& interrupt) {
  auto state = state_.lock();
  if (interrupt.finish.cancelled()) return nullptr;
  while (state->next < results_.size()) {
    BatchResult& result = results_[state->next++];
    if (result.state != RowState::waiting) continue;
    result.state = RowState::running;
    ++state->counts.running;
    return &result;
  }
  return nullptr;
}

void BatchPool::put(BatchResult& place, BatchResult result) {
  auto state = state_.lock();
  if (state->closed) return;
  --state->counts.running;
  if (result.state == RowState::made) {
    ++state->counts.made;
    state->counts.row_seconds += result.seconds;
  }
  state->counts.failed += result.state == RowState::failed;
  place = std::move(result);
}

void BatchPool::work(Interrupt& interrupt) {
  {
    const ThreadContext context;
    while (BatchResult* place = take(interrupt)) {
      BatchResult result = make_(place->item, {.interrupt = &interrupt});
      display_.row_done(result);
      put(*place, std::move(result));
    }
  }
  --state_.lock()->threads;
  g_main_context_wakeup(nullptr);
}

bool BatchPool::wait(size_t jobs, Interrupt& interrupt) {
  const Ticker ticker;
  std::optional<Clock::time_point> patience;
  bool told = false, forced = false;
  while (state_.lock()->threads > 0) {
    g_main_context_iteration(nullptr, TRUE);
    if (interrupt.at_once.cancelled()) {
      if (!forced) patience = Clock::now() + kStop;
      forced = true;
      if (Clock::now() > *patience) return false;
    } else if (interrupt.finish.cancelled()) {
      if (!told) {
        display_.interrupt();
        patience = Clock::now() + kEndWell;
        told = true;
      } else if (Clock::now() > *patience) {
        interrupt.at_once.cancel();
      }
    }
    display_.progress(counts(), jobs);
  }
  return true;
}

bool BatchPool::run(size_t jobs, Interrupt& interrupt) {
  const size_t count = std::min(jobs, to_make_);
  state_.lock()->threads = count;
  for (size_t i = 0; i < count; ++i)
    threads_.emplace_back([this, &interrupt] { work(interrupt); });
  const bool ended = wait(jobs, interrupt);
  if (!ended) state_.lock()->closed = true;
  for (auto& thread : threads_)
    ended ? thread.join() : thread.detach();
  return ended;
}

} // namespace aigc::runner
