// SPDX-License-Identifier: LGPL-2.1-or-later
// See lines_out.h.
#include "lines_out.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <unistd.h>

namespace aigc::runner {
namespace {

/// How long the rest of a line that has begun may take.
constexpr int kPatience = 200; ///< ms

} // namespace

/// A pipe that is ready takes PIPE_BUF bytes at once.
bool LinesOut::send(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, at == 0 ? 0 : kPatience) != 1 || !(ready.revents & POLLOUT)) return false;
    const ssize_t sent =
        write(descriptor_, text.data() + at, std::min<size_t>(text.size() - at, PIPE_BUF));
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) at += static_cast<size_t>(sent);
    is_cut_ = at < text.size();
  }
  return true;
}

void LinesOut::print(const std::string& line) {
  std::string text = is_cut_ ? "\n" : "";
  if (missed_ > 0) text += left_out_(missed_) + "\n";
  if (send(text + line + "\n"))
    missed_ = 0;
  else
    ++missed_;
}

} // namespace aigc::runner
