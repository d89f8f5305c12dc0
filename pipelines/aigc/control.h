// SPDX-License-Identifier: LGPL-2.1-or-later
// The control socket of a channel: one JSON object a line in, one out, on a thread of its own.
#pragma once

#include "base/error.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace aigc::runner {

inline constexpr size_t kMaxControlClients = 64;
inline constexpr size_t kMaxControlLine = 1u << 20; ///< bytes

struct ControlAnswer {
  std::string line;    ///< one JSON object
  bool follow = false; ///< whoever asked gets what tell() is given, from now on
};

/// {"ok":false,"error":...,"remedy":...}
std::string refusal(const Error& error);

class ControlServer {
 public:
  /// Is called on the server's thread alone, and for one line at a time. What it throws is the
  /// answer.
  using Handler = std::function<ControlAnswer(std::string_view line)>;

  /// Takes the place of a socket that is there: whoever calls this knows that its owner is dead.
  /// Throws Error{Fault::settings} for a path that is too long, Error{Fault::write}.
  ControlServer(const std::string& path, Handler handler);
  /// Removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Any thread. One that follows too slowly is hung up on.
  void tell(const std::string& line);

 private:
  class Loop;

  const std::string path_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

} // namespace aigc::runner
