// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at a file by its size and times, which holds on network disks as well, and tells of a
// change once the file has settled.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace aigc {

class ListWatch {
 public:
  using Clock = std::chrono::steady_clock;
  /// How long a file must stay as it is before it is read: whoever writes it may pause.
  static constexpr auto kSettled = std::chrono::seconds(1);
  static constexpr auto kPause = std::chrono::milliseconds(500); ///< between two looks

  enum class Seen {
    same,    ///< as it was taken, or still being written
    changed, ///< to something else, and settled; told once
    gone,    ///< there is no such file any more; told once
  };

  /// What is there now counts as known.
  explicit ListWatch(const std::string& path) : path_(path), known_(look()), last_(known_) {}

  Seen look_again(Clock::time_point now);

 private:
  struct Version {
    bool exists = false;
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_ns = 0, status_ns = 0;
    bool operator==(const Version&) const = default;
  };
  Version look() const;

  std::string path_;
  Version known_; ///< that was told, or was there at the beginning
  Version last_;  ///< at the last look
  Clock::time_point since_{};
};

} // namespace aigc
