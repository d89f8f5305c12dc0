// SPDX-License-Identifier: LGPL-2.1-or-later
// Who works on a result: one thread of one process on one machine, until it is done or dead.
#pragma once

#include "base/cancel.h"

#include <chrono>
#include <functional>
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
  /// Told once who has the lock, when it is waited for.
  using Waits = std::function<void(const std::string& owner)>;

  /// Waits for the lock for as long as its owner lives, which may itself wait in a long queue.
  /// Throws Error: cancelled, write.
  KeyLock(const std::string& folder, const std::string& key, Cancel& cancel, Waits waits = {},
          Lease lease = {});
  ~KeyLock();
  KeyLock(const KeyLock&) = delete;
  KeyLock& operator=(const KeyLock&) = delete;

  /// Removes the lock when its owner is dead; does not wait.
  static void bury(const std::string& folder, const std::string& key);

  /// Whether a dead owner left it behind.
  bool taken_over() const { return taken_over_; }

  enum class Holder {
    us,
    others,  ///< or they had it: this process stood still for longer than its lease
    unknown, ///< the file cannot be read, as errno says
  };
  Holder holder() const;
  /// Throws Error{Fault::write} unless it is surely ours.
  void check() const;

 private:
  bool try_take(std::string& owner);
  void give_back();

  std::string path_;
  std::string content_; ///< what the file says while it is ours
  Lease lease_;
  bool taken_over_ = false;
};

} // namespace aigc
