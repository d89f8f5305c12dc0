// SPDX-License-Identifier: LGPL-2.1-or-later
// A server of raw bytes: says what it was told on each connection, and keeps what it was asked.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

/// What one connection gets to see.
struct RawReply {
  std::vector<std::string> pieces; ///< sent one after the other
  bool hold = false;               ///< the connection stays open until the client goes
};

inline RawReply http_reply(int status, const std::string& type, const std::string& body,
                           const std::string& headers = {}) {
  return {{"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
           body}};
}

/// The end of the connection is the end of the body.
inline RawReply stream_reply(std::vector<std::string> pieces, bool hold = false) {
  pieces.insert(pieces.begin(), "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                "X-Request-Id: header-id\r\nConnection: close\r\n\r\n");
  return {std::move(pieces), hold};
}

class RawServer {
 public:
  RawServer() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 16) != 0)
      std::abort();
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void say(RawReply reply) {
    std::lock_guard guard(mutex_);
    replies_.push_back(std::move(reply));
  }
  /// Heads and bodies as they came, one for each connection.
  std::vector<std::string> asked() const {
    std::lock_guard guard(mutex_);
    return asked_;
  }

 private:
  bool readable(int socket) const {
    pollfd waiting{socket, POLLIN, 0};
    while (!stop_)
      if (poll(&waiting, 1, 20) > 0) return true;
    return false;
  }

  void serve() {
    while (readable(listener_)) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      answer(client);
      close(client);
    }
  }

  std::string read_request(int client) const {
    std::string text;
    size_t wanted = std::string::npos;
    char bytes[4096];
    while (text.size() < wanted && readable(client)) {
      const ssize_t count = recv(client, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      text.append(bytes, static_cast<size_t>(count));
      const size_t head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const size_t length = text.find("Content-Length: ");
      wanted =
          head + 4 + (length < head ? std::strtoul(text.c_str() + length + 16, nullptr, 10) : 0);
    }
    return text;
  }

  void answer(int client) {
    const int now = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    const std::string request = read_request(client);
    RawReply reply;
    {
      std::lock_guard guard(mutex_);
      asked_.push_back(request);
      if (!replies_.empty()) {
        reply = std::move(replies_.front());
        replies_.pop_front();
      }
    }
    for (const std::string& piece : reply.pieces)
      if (send(client, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return;
    char byte;
    while (reply.hold && readable(client))
      if (recv(client, &byte, 1, 0) <= 0) break;
  }

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::deque<RawReply> replies_;
  std::vector<std::string> asked_;
  std::thread thread_;
};
