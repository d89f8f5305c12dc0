// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket to a server that tells what happens there. It listens and says nothing of its own.
#pragma once

#include "base/error.h"
#include "base/ref.h"
#include "base/secret.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace aigc {

class HttpClient;

/// Opens at once and in the background: nothing here blocks. A socket that was lost stays so. The
/// client must outlive it.
class WebSocket {
 public:
  /// Of one frame, and of all that comes before a message is whole: a server that sends more is not
  /// listened to any longer.
  static constexpr size_t kMaxFrameBytes = 16u << 20, kMaxMessageBytes = 64u << 20;

  struct Target {
    std::string url; ///< http or https
    Secret bearer;
    bool private_allowed = false;               ///< loopback and private addresses may be reached
    std::chrono::milliseconds patience{10'000}; ///< until it is open
  };

  /// Called in the session's thread, which all calls of the process share: they return soon and own
  /// what they touch, since one may still run when the socket is gone. None begins after that.
  struct Handlers {
    std::function<void()> opened;
    std::function<void(std::string_view)> text;
    std::function<void(GBytes*)> binary;
    std::function<void(const Error&)> lost; ///< once, whoever ended it or whether it ever opened
  };

  /// Throws Error{Fault::settings} for what is no http(s) URL.
  WebSocket(HttpClient& client, const Target& target, Handlers handlers);
  /// The peer sees the connection end; nothing is waited for.
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

 private:
  class Link;
  std::shared_ptr<Link> link_;
};

} // namespace aigc
