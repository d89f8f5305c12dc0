// SPDX-License-Identifier: LGPL-2.1-or-later
// Data that can be reached only while its lock is held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace aigc {

template <typename T> class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  /// For what cannot be moved.
  template <typename... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}

  class Access {
   public:
    explicit Access(Guarded& owner) : owner_(owner), lock_(owner.mutex_) {}
    T* operator->() { return &owner_.value_; }
    T& operator*() { return owner_.value_; }

    /// Waits until `ready(data)`; the lock is released meanwhile.
    template <typename Ready> void wait(Ready ready) {
      owner_.changed_.wait(lock_, [&] { return ready(owner_.value_); });
    }
    /// As wait(), for at most `limit`; returns whether `ready` held.
    template <typename Duration, typename Ready> bool wait_for(Duration limit, Ready ready) {
      return owner_.changed_.wait_for(lock_, limit, [&] { return ready(owner_.value_); });
    }

   private:
    Guarded& owner_;
    std::unique_lock<std::mutex> lock_;
  };

  /// Holds the lock as long as the result lives.
  Access lock() { return Access(*this); }

  /// A copy taken under the lock.
  T snapshot() const {
    std::lock_guard guard(mutex_);
    return value_;
  }

  /// Wakes every waiter to look at its predicate again.
  void notify() { changed_.notify_all(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

} // namespace aigc
