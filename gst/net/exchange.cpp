// SPDX-License-Identifier: LGPL-2.1-or-later
// The caller's side of an exchange: see exchange.h.
#include "net/exchange.h"

namespace aigc {

namespace {

/// Of a body that has arrived and was not taken yet; more is left in the socket.
constexpr size_t kMaxWaiting = 1u << 20;

} // namespace

Exchange::Exchange(SessionThread& thread, const HttpRequest& request, Url url, bool with_key)
    : thread_(thread), request_(request), url_(std::move(url)), with_key_(with_key),
      cancellable_(adopt(g_cancellable_new())) {}

void Exchange::start() {
  thread_.post([self = shared_from_this()] {
    self->thread_.keep(self);
    self->begin();
  });
}

Cancel::Hook Exchange::wake_on(Cancel& cancel) {
  return Cancel::Hook(cancel, [this] {
    { std::lock_guard guard(mutex_); } // the waiter is before its look or in its wait
    changed_.notify_all();
  });
}

template <typename Ready> std::unique_lock<std::mutex> Exchange::wait(Cancel& cancel, Ready ready) {
  const auto end = request_.timeouts.total;
  std::unique_lock lock(mutex_);
  const auto awake = [&] {
    return failure_ || phase_ == Phase::over || ready() || cancel.cancelled();
  };
  if (end == std::chrono::steady_clock::time_point::max())
    changed_.wait(lock, awake);
  else
    changed_.wait_until(lock, end, awake);
  if (phase_ == Phase::over && !failure_) return lock; // all of it is here: nothing to give up
  if (failure_ && !ready()) throw *failure_;
  if (cancel.cancelled()) give_up(std::move(lock), Error(Fault::cancelled, "cancelled"));
  if (ready() && std::chrono::steady_clock::now() < end) return lock;
  give_up(std::move(lock), Error(Fault::timeout, url_.shown() + " did not finish in time",
                                 "raise timeout, or try again later"));
}

void Exchange::give_up(std::unique_lock<std::mutex> lock, Error error) {
  left_ = true;
  error.unclear = request_.creates && phase_ >= Phase::sending;
  lock.unlock();
  leave();
  throw error;
}

HttpResponse Exchange::head(Cancel& cancel) {
  const Cancel::Hook wake = wake_on(cancel);
  const auto lock = wait(cancel, [this] { return head_.has_value(); });
  return *head_;
}

Ref<GBytes> Exchange::piece(Cancel& cancel) {
  const Cancel::Hook wake = wake_on(cancel);
  const auto lock = wait(cancel, [this] { return !pieces_.empty(); });
  if (pieces_.empty()) return nullptr;
  Ref<GBytes> piece = std::move(pieces_.front());
  pieces_.pop_front();
  waiting_bytes_ -= g_bytes_get_size(piece.get());
  if (paused_ && waiting_bytes_ < kMaxWaiting / 2) {
    paused_ = false;
    thread_.post([self = shared_from_this()] { self->read(); });
  }
  return piece;
}

void Exchange::leave() {
  {
    std::lock_guard guard(mutex_);
    left_ = true;
    if (phase_ == Phase::over) return;
  }
  thread_.post([self = shared_from_this()] { self->stop(); });
}

bool Exchange::full() {
  std::lock_guard guard(mutex_);
  paused_ = !left_ && waiting_bytes_ >= kMaxWaiting;
  return paused_;
}

void Exchange::deliver(Ref<GBytes> piece) {
  {
    std::lock_guard guard(mutex_);
    waiting_bytes_ += g_bytes_get_size(piece.get());
    pieces_.push_back(std::move(piece));
  }
  changed_.notify_all();
}

void Exchange::deliver(HttpResponse head) {
  {
    std::lock_guard guard(mutex_);
    head_ = std::move(head);
  }
  changed_.notify_all();
}

void Exchange::end(std::optional<Error> failure) {
  {
    std::lock_guard guard(mutex_);
    if (phase_ == Phase::over) return;
    if (!failure_) failure_ = std::move(failure);
    phase_ = Phase::over;
  }
  changed_.notify_all();
}

bool Exchange::go_on(Phase phase) {
  std::lock_guard guard(mutex_);
  if (left_ || phase_ == Phase::over) return false;
  phase_ = phase;
  return true;
}

Exchange::Phase Exchange::phase() {
  std::lock_guard guard(mutex_);
  return phase_;
}

} // namespace aigc
