// SPDX-License-Identifier: LGPL-2.1-or-later
// A program that talks to a control socket, and may do it badly.
#pragma once

#include "base/json.h"
#include "control_socket.h"

#include <cerrno>
#include <string>
#include <sys/socket.h>

namespace aigc {

class ControlClient {
 public:
  explicit ControlClient(const std::string& path) : socket_(runner::connect_to(path)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  /// Whether all of it went out.
  bool send(const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t sent = ::send(socket_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (sent < 0) return false;
      at += static_cast<size_t>(sent);
    }
    return true;
  }
  void send_no_more() { shutdown(socket_.get(), SHUT_WR); }

  /// The next line; "" when the server has hung up or says nothing.
  std::string line() {
    size_t end;
    while ((end = in_.find('\n')) == std::string::npos) {
      char piece[4096];
      const ssize_t got = recv(socket_.get(), piece, sizeof piece, 0);
      if (got <= 0) return "";
      in_.append(piece, static_cast<size_t>(got));
    }
    const std::string line = in_.substr(0, end);
    in_.erase(0, end + 1);
    return line;
  }

  Ref<JsonNode> ask(const std::string& request) {
    send(request + "\n");
    const std::string answer = line();
    return parse_json(answer.empty() ? "null" : answer);
  }

 private:
  runner::Socket socket_;
  std::string in_;
};

} // namespace aigc
