// SPDX-License-Identifier: LGPL-2.1-or-later
// A one-way stop signal that long work looks at and waits on.
#pragma once

#include "base/error.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>

namespace aigc {

class Cancel {
 public:
  Cancel() = default;
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  /// Sets the signal, wakes sleepers and runs the hooks, each once, on this thread.
  void cancel();
  bool cancelled() const;
  /// Throws Error{Fault::cancelled} once cancelled.
  void check() const;
  /// Sleeps for `duration` or until cancelled; returns whether it was cancelled.
  bool sleep(std::chrono::nanoseconds duration) const;

  /// Runs `action` when cancelled, at once if it already is. After destruction the action neither
  /// runs nor is running.
  class Hook {
   public:
    Hook(Cancel& cancel, std::function<void()> action);
    ~Hook();
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;

   private:
    Cancel& cancel_;
    std::list<std::function<void()>>::iterator place_;
  };

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::recursive_mutex hook_mutex_;
  bool cancelled_ = false;
  std::list<std::function<void()>> hooks_;
};

} // namespace aigc
