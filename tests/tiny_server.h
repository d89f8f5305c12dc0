// SPDX-License-Identifier: LGPL-2.1-or-later
// An HTTP server of a few lines on a free port: answers what a test says and keeps what came.
#pragma once

#include "base/guarded.h"
#include "base/ref.h"

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gio/gio.h>

class TinyServer {
 public:
  struct Call {
    std::string head; ///< request line and headers
    std::string body;
    std::string path() const {
      const size_t begin = head.find(' ') + 1;
      return head.substr(begin, head.find(' ', begin) - begin);
    }
  };
  struct Reply {
    int status = 200;
    std::string body;
    std::string type = "application/json";
  };
  using Answer = std::function<Reply(const Call&)>;

  explicit TinyServer(Answer answer)
      : answer_(std::move(answer)), listener_(aigc::adopt(g_socket_listener_new())),
        stop_(aigc::adopt(g_cancellable_new())) {
    auto loopback = aigc::adopt(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
    auto any = aigc::adopt(g_inet_socket_address_new(loopback.get(), 0));
    GSocketAddress* bound = nullptr;
    g_socket_listener_add_address(listener_.get(), any.get(), G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, nullptr, &bound, nullptr);
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    g_object_unref(bound);
    thread_ = std::thread([this] { serve(); });
  }
  ~TinyServer() {
    g_cancellable_cancel(stop_.get());
    thread_.join();
  }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<Call> calls() const { return calls_.snapshot(); }

 private:
  void serve() {
    for (;;) {
      auto connection =
          aigc::adopt(g_socket_listener_accept(listener_.get(), nullptr, stop_.get(), nullptr));
      if (!connection) return;
      talk(G_IO_STREAM(connection.get()));
      g_io_stream_close(G_IO_STREAM(connection.get()), nullptr, nullptr);
    }
  }

  void talk(GIOStream* stream) {
    Call call;
    std::string all;
    size_t end = std::string::npos, length = 0;
    char piece[4096];
    while (end == std::string::npos || all.size() < end + 4 + length) {
      const gssize got = g_input_stream_read(g_io_stream_get_input_stream(stream), piece,
                                             sizeof piece, stop_.get(), nullptr);
      if (got <= 0) return;
      all.append(piece, static_cast<size_t>(got));
      if (end != std::string::npos || (end = all.find("\r\n\r\n")) == std::string::npos) continue;
      const size_t at = all.find("Content-Length: ");
      length = at < end ? std::stoul(all.substr(at + 16)) : 0;
    }
    call.head = all.substr(0, end);
    call.body = all.substr(end + 4);
    calls_.lock()->push_back(call);
    const Reply reply = answer_(call);
    const std::string text =
        "HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Type: " + reply.type +
        "\r\nConnection: close\r\nContent-Length: " + std::to_string(reply.body.size()) +
        "\r\n\r\n" + reply.body;
    g_output_stream_write_all(g_io_stream_get_output_stream(stream), text.data(), text.size(),
                              nullptr, stop_.get(), nullptr);
  }

  Answer answer_;
  aigc::Ref<GSocketListener> listener_;
  aigc::Ref<GCancellable> stop_;
  guint16 port_ = 0;
  aigc::Guarded<std::vector<Call>> calls_;
  std::thread thread_; // last: uses all above
};
