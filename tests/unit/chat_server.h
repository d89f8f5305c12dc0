// SPDX-License-Identifier: LGPL-2.1-or-later
// A chat server of scripted bytes: one reply for each call, in the order they were given.
#pragma once

#include "../socket_server.h"

#include <deque>
#include <mutex>
#include <string>
#include <vector>

/// What one call gets to see.
struct RawReply {
  std::string bytes;
  bool hold = false; ///< the connection stays open until the client goes
};

inline RawReply http_reply(int status, const std::string& type, const std::string& body,
                           const std::string& headers = {}) {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\n" + headers +
          "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
          body};
}

/// The end of the connection is the end of the body.
inline RawReply stream_reply(const std::string& events, bool hold = false) {
  return {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
          "X-Request-Id: header-id\r\nConnection: close\r\n\r\n" +
              events,
          hold};
}

class ChatServer {
 public:
  std::string url() const { return server_.url(""); }
  void say(RawReply reply) {
    std::lock_guard guard(mutex_);
    replies_.push_back(std::move(reply));
  }
  /// Heads and bodies as they came, one for each call.
  std::vector<std::string> asked() { return server_.requests(); }

 private:
  void serve(SocketServer::Connection& connection) {
    connection.request();
    RawReply reply;
    {
      std::lock_guard guard(mutex_);
      if (replies_.empty()) return;
      reply = std::move(replies_.front());
      replies_.pop_front();
    }
    connection.say(reply.bytes);
    if (reply.hold) connection.hang();
  }

  std::mutex mutex_;
  std::deque<RawReply> replies_;
  SocketServer server_{[this](SocketServer::Connection& connection) { serve(connection); }};
};
