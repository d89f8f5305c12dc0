// SPDX-License-Identifier: LGPL-2.1-or-later
// See list_watch.h.
#include "shot/list_watch.h"

#include <sys/stat.h>

namespace aigc {

namespace {

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

} // namespace

ListWatch::Version ListWatch::look() const {
  struct stat about {};
  if (stat(path_.c_str(), &about) != 0) return {};
  return {true,
          about.st_dev,
          about.st_ino,
          about.st_size,
          nanoseconds(about.st_mtim),
          nanoseconds(about.st_ctim)};
}

ListWatch::Seen ListWatch::look_again(Clock::time_point now) {
  const Version version = look();
  if (version != last_) {
    last_ = version;
    since_ = now;
  }
  if (last_ == known_ || now - since_ < kSettled) return Seen::same;
  known_ = last_;
  return known_.exists ? Seen::changed : Seen::gone;
}

} // namespace aigc
