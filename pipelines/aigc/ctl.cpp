// SPDX-License-Identifier: LGPL-2.1-or-later
// See ctl.h.
#include "ctl.h"

#include "base/error.h"
#include "control.h"
#include "control_socket.h"
#include "ctl_request.h"
#include "ctl_text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/socket.h>

namespace aigc::runner {
namespace {

/// Commands are done in milliseconds; a channel that has got stuck is to be known as such.
constexpr int kAnswerSeconds = 10;

class Connection {
 public:
  explicit Connection(const std::string& path) : path_(path), socket_(connect_to(path)) {
    const timeval limit{.tv_sec = kAnswerSeconds, .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  void ask(const std::string& line) {
    const std::string text = line + "\n";
    for (size_t at = 0; at < text.size();) {
      const ssize_t sent = send(socket_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (sent < 0) break; // why, is in the answer, if there is one
      at += static_cast<size_t>(sent);
    }
  }

  /// The next line; false when the channel has hung up. `patient`: there may be none for long.
  bool next(std::string& line, bool patient = false) {
    size_t end;
    while ((end = in_.find('\n')) == std::string::npos) {
      char piece[4096];
      const ssize_t got = recv(socket_.get(), piece, sizeof piece, 0);
      if (got == 0) return false;
      if (got > 0) in_.append(piece, static_cast<size_t>(got));
      if (got < 0 && !(errno == EINTR || (patient && errno == EAGAIN)))
        throw Error(Fault::timeout, "the channel at " + path_ + " does not answer",
                    "See what its program says, or start that anew: it goes on where it was.");
    }
    line = in_.substr(0, end);
    in_.erase(0, end + 1);
    return true;
  }

 private:
  const std::string path_;
  const Socket socket_;
  std::string in_;
};

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

} // namespace

bool run_ctl(const std::vector<std::string>& words) {
  const CtlRequest request = read_ctl(words);
  if (request.help) {
    print(ctl_help());
    return true;
  }
  Connection channel(request.socket);
  channel.ask(request.line);
  std::string answer;
  if (!channel.next(answer))
    throw Error(Fault::read, "the channel at " + request.socket + " hung up without an answer",
                "See what its program says.");
  const auto node = parse_json(answer);
  const JsonView view(node.get());
  const bool ok = view["ok"].boolean(false);
  if (request.json && request.command != "events") print(answer + "\n");
  if (!ok && !request.json)
    throw Error(Fault::read, view["error"].text("the channel refused"), view["remedy"].text());
  if (ok && request.command == "events")
    while (channel.next(answer, true))
      print(answer + "\n");
  else if (ok && !request.json)
    print(ctl_text(request.command, view));
  return ok;
}

} // namespace aigc::runner
