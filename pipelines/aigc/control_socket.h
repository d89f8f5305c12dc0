// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ends of a control socket.
#pragma once

#include <string>
#include <unistd.h>
#include <utility>

namespace aigc::runner {

/// A socket or another descriptor, closed with the object.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Takes the place of what is at `path`; for the user alone (mode 0600). Throws
/// Error{Fault::settings} for a path that is too long, Error{Fault::write}.
Socket listen_at(const std::string& path);

/// Throws Error{Fault::settings} for a path that is too long, Error{Fault::not_found} when nobody
/// listens there.
Socket connect_to(const std::string& path);

} // namespace aigc::runner
