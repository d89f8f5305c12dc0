// SPDX-License-Identifier: LGPL-2.1-or-later
// See control.h. A loop around poll(): a client that says nothing costs its file descriptor.
#include "control.h"

#include "base/guarded.h"
#include "base/json.h"
#include "control_socket.h"

#include <algorithm>
#include <cerrno>
#include <list>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace aigc::runner {
namespace {

/// What a client may leave unread. Of one that asks, nothing more is heard until it reads.
constexpr size_t kMaxUnread = kMaxControlLine;

struct Client {
  Socket socket;
  std::string in, out;
  bool follows = false;
  bool ending = false; ///< closed once all is sent
};

/// Whether the client is still there.
bool send_some(Client& client) {
  while (!client.out.empty()) {
    const ssize_t sent = send(client.socket.get(), client.out.data(), client.out.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client.out.erase(0, static_cast<size_t>(sent));
  }
  return true;
}

} // namespace

std::string refusal(const Error& error) {
  JsonObjectMaker answer;
  answer.set("ok", false).set("error", error.what());
  if (!error.remedy.empty()) answer.set("remedy", error.remedy);
  return answer.text();
}

class ControlServer::Loop {
 public:
  Loop(Socket listener, Handler handler)
      : listener_(std::move(listener)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        handler_(std::move(handler)) {}

  void stop() {
    stopping_ = true;
    wake();
  }

  void tell(const std::string& line) {
    if (followers_ == 0) return;
    news_.lock()->push_back(line + "\n");
    wake();
  }

  void run() {
    while (!stopping_) {
      std::vector<pollfd> polls{{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      for (const Client& client : clients_) {
        const bool hears = !client.ending && client.out.size() < kMaxUnread;
        const int events = (hears ? POLLIN : 0) | (client.out.empty() ? 0 : POLLOUT);
        polls.push_back({client.socket.get(), static_cast<short>(events), 0});
      }
      if (poll(polls.data(), polls.size(), -1) < 0) continue;
      serve(polls);
    }
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) < 0) return; // it is awake already
  }

  void serve(const std::vector<pollfd>& polls) {
    size_t at = 2;
    for (auto client = clients_.begin(); client != clients_.end();) {
      const bool stays = hear(*client, polls[at++].revents) && send_some(*client) &&
                         !(client->ending && client->out.empty());
      client = stays ? std::next(client) : clients_.erase(client);
    }
    if (polls[1].revents) {
      std::uint64_t count = 0;
      if (read(wake_.get(), &count, sizeof count) > 0) spread(std::exchange(*news_.lock(), {}));
    }
    if (polls[0].revents) let_in();
    followers_ = std::count_if(clients_.begin(), clients_.end(),
                               [](const Client& client) { return client.follows; });
  }

  void let_in() {
    Socket socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() < 0) return;
    clients_.push_back({.socket = std::move(socket), .in = {}, .out = {}});
    if (clients_.size() > kMaxControlClients)
      end(clients_.back(),
          Error(Fault::settings, std::to_string(kMaxControlClients) + " programs are connected",
                "Close one of them, and ask again."));
  }

  static void end(Client& client, const Error& error) {
    client.out += refusal(error) + "\n";
    client.ending = true;
  }

  /// Whether the client is still there.
  bool hear(Client& client, short events) {
    if (events & (POLLERR | POLLNVAL)) return false;
    if (!(events & (POLLIN | POLLHUP)) || client.ending) return true;
    char piece[4096];
    const ssize_t got = recv(client.socket.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
      client.ending = true; // half a line is nothing
      return true;
    }
    client.in.append(piece, static_cast<size_t>(got));
    answer_lines(client);
    return true;
  }

  void answer_lines(Client& client) {
    for (size_t end; (end = client.in.find('\n')) != std::string::npos;) {
      const std::string line = client.in.substr(0, end);
      client.in.erase(0, end + 1);
      const ControlAnswer answer = answer_to(line);
      client.out += answer.line + "\n";
      // Before the answer goes out: what is told to those who have it is told to this one.
      if (answer.follow && !std::exchange(client.follows, true)) ++followers_;
    }
    if (client.in.size() > kMaxControlLine)
      end(client, Error(Fault::format,
                        "the line is longer than " + std::to_string(kMaxControlLine) + " bytes",
                        "Send one JSON object a line."));
  }

  ControlAnswer answer_to(const std::string& line) const {
    try {
      return handler_(line);
    } catch (...) {
      return {.line = refusal(caught_error())};
    }
  }

  void spread(const std::vector<std::string>& news) {
    for (auto client = clients_.begin(); client != clients_.end();) {
      if (client->follows && !client->ending)
        for (const auto& line : news)
          client->out += line;
      const bool stays = send_some(*client) && client->out.size() <= kMaxUnread;
      client = stays ? std::next(client) : clients_.erase(client);
    }
  }

  const Socket listener_;
  const Socket wake_;
  const Handler handler_;
  std::list<Client> clients_; ///< the thread's alone
  Guarded<std::vector<std::string>> news_;
  std::atomic<long> followers_ = 0;
  std::atomic<bool> stopping_ = false;
};

ControlServer::ControlServer(const std::string& path, Handler handler)
    : path_(path), loop_(std::make_unique<Loop>(listen_at(path), std::move(handler))),
      thread_([this] { loop_->run(); }) {}

ControlServer::~ControlServer() {
  loop_->stop();
  thread_.join();
  unlink(path_.c_str());
}

void ControlServer::tell(const std::string& line) {
  loop_->tell(line);
}

} // namespace aigc::runner
