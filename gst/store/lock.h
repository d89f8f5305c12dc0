// SPDX-License-Identifier: LGPL-2.1-or-later
// Who works on a result: one thread of one process on one machine, until it is done or dead.
#pragma once

#include "base/cancel.h"

#include <chrono>
#include <memory>
#include <string>

namespace aigc {

/// How long the owner's word is good on other machines, which cannot see whether it lives, and how
/// often it is given again.
struct Lease {
  std::chrono::milliseconds length{60'000};
  std::chrono::milliseconds renewal{15'000};
};

/// A lock is a file `KEY.lock` that names its owner. Who finds it there waits, unless the owner is
/// dead: at once when its process is gone, on other machines and boots when its lease ran out.
/// flock() guards only the moments in which the file changes hands.
class KeyLock {
 public:
  /// Waits for the lock. Throws Error: cancelled, timeout past `deadline`, write.
  KeyLock(const std::string& folder, const std::string& key, Cancel& cancel,
          std::chrono::steady_clock::time_point deadline, Lease lease = {});
  ~KeyLock();
  KeyLock(const KeyLock&) = delete;
  KeyLock& operator=(const KeyLock&) = delete;

  /// Removes the lock when its owner is dead; does not wait.
  static void bury(const std::string& folder, const std::string& key);

  /// Whether a dead owner left it behind.
  bool taken_over() const { return taken_over_; }

  /// Throws Error{Fault::write} when the lock was lost: this process stood still for longer than
  /// its lease, and another one went on.
  void check() const;
  /// Whether check() would not throw.
  bool is_held() const;

 private:
  bool try_take(std::string& owner);
  void give_back();

  std::string path_;
  std::string content_; ///< what the file says while it is ours
  Lease lease_;
  bool taken_over_ = false;
};

} // namespace aigc
