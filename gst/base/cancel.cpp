// SPDX-License-Identifier: LGPL-2.1-or-later
// See cancel.h.
#include "base/cancel.h"

#include <utility>

namespace aigc {

void Cancel::cancel() {
  {
    std::lock_guard guard(mutex_);
    if (cancelled_) return;
    cancelled_ = true;
  }
  changed_.notify_all();
  std::lock_guard guard(hook_mutex_);
  for (auto& hook : hooks_) {
    auto action = std::exchange(hook, nullptr);
    if (action) action();
  }
}

bool Cancel::cancelled() const {
  std::lock_guard guard(mutex_);
  return cancelled_;
}

void Cancel::check() const {
  if (cancelled()) throw Error(Fault::cancelled, "cancelled");
}

bool Cancel::sleep(std::chrono::nanoseconds duration) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, duration, [this] { return cancelled_; });
}

Cancel::Hook::Hook(Cancel& cancel, std::function<void()> action) : cancel_(cancel) {
  std::lock_guard guard(cancel_.hook_mutex_);
  place_ = cancel_.hooks_.insert(cancel_.hooks_.end(), std::move(action));
  if (!cancel_.cancelled()) return;
  if (auto late = std::exchange(*place_, nullptr)) late();
}

Cancel::Hook::~Hook() {
  std::lock_guard guard(cancel_.hook_mutex_);
  cancel_.hooks_.erase(place_);
}

} // namespace aigc
