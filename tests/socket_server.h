// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that says just the bytes a test scripts, and remembers what it was sent.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

class SocketServer {
 public:
  class Connection;
  /// Runs in a thread for each connection, which is closed afterwards.
  using Script = std::function<void(Connection&)>;

  explicit SocketServer(Script script) : script_(std::move(script)) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, raw, size) || listen(socket_, 128) || getsockname(socket_, raw, &size))
      throw std::runtime_error("no port on 127.0.0.1");
    port_ = ntohs(address.sin_port);
    listener_ = std::thread([this] { accept_all(); });
  }

  ~SocketServer() {
    stop_ = true;
    shutdown(socket_, SHUT_RDWR);
    listener_.join();
    {
      std::lock_guard guard(mutex_);
      for (const int peer : peers_)
        shutdown(peer, SHUT_RDWR);
    }
    for (std::thread& thread : threads_)
      thread.join();
    for (const int peer : peers_)
      close(peer);
    close(socket_);
  }
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& target = "/", const char* scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + target;
  }

  /// Each as it came: request line, headers, body.
  std::vector<std::string> requests() {
    std::lock_guard guard(mutex_);
    return requests_;
  }
  size_t connections() {
    std::lock_guard guard(mutex_);
    return peers_.size();
  }

  /// A script says so where the test is to go on.
  void reach() {
    std::lock_guard guard(mutex_);
    ++reached_;
    changed_.notify_all();
  }
  /// Whether `times` of them came within 10 s.
  bool wait_reached(int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return reached_ >= times; });
  }

 private:
  void accept_all() {
    for (;;) {
      const int peer = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (stop_ || peer < 0) {
        if (peer >= 0) close(peer);
        return;
      }
      std::lock_guard guard(mutex_);
      peers_.push_back(peer);
      threads_.emplace_back([this, peer, number = peers_.size()] { serve(peer, number); });
    }
  }
  inline void serve(int peer, size_t number);

  Script script_;
  int socket_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int reached_ = 0;
  std::vector<int> peers_;
  std::vector<std::thread> threads_;
  std::vector<std::string> requests_;
};

class SocketServer::Connection {
 public:
  Connection(SocketServer& server, int peer, size_t number)
      : server(server), peer(peer), number(number) {}

  SocketServer& server;
  const int peer;
  const size_t number; ///< 1 for the first

  /// The next request with its body, empty when none came.
  std::string request() {
    size_t end = std::string::npos;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    size_t size = end + 4;
    const size_t length = rest_.find("Content-Length: ");
    if (length != std::string::npos && length < end) size += std::stoul(rest_.substr(length + 16));
    while (rest_.size() < size) {
      if (!fill()) return {};
    }
    const std::string whole = rest_.substr(0, size);
    rest_.erase(0, size);
    std::lock_guard guard(server.mutex_);
    server.requests_.push_back(whole);
    return whole;
  }

  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  /// A whole answer.
  void answer(const std::string& status, const std::string& body = {},
              const std::string& headers = {}) {
    say("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body);
  }

  /// Until the client goes away or the test is over.
  void hang() {
    char bytes[65536];
    while (recv(peer, bytes, sizeof bytes, 0) > 0) {
    }
  }

  /// Ends with RST instead of FIN.
  void reset() {
    const linger hard{1, 0};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    const int nothing = open_null();
    dup2(nothing, peer); // closes the socket, keeps the number
    close(nothing);
  }

 private:
  static int open_null() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  bool fill() {
    char bytes[65536];
    const ssize_t got = recv(peer, bytes, sizeof bytes, 0);
    if (got > 0) rest_.append(bytes, static_cast<size_t>(got));
    return got > 0;
  }

  std::string rest_;
};

void SocketServer::serve(int peer, size_t number) {
  Connection connection(*this, peer, number);
  script_(connection);
  shutdown(peer, SHUT_RDWR);
}
