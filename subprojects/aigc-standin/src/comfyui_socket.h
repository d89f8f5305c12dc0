// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket (RFC 6455) as its server: written by hand, because tests want frames in pieces, pings
// between the pieces, and connections that break.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include <gio/gio.h>

namespace standin {

class WebSocket : public std::enable_shared_from_this<WebSocket> {
 public:
  // Takes the connection over.
  explicit WebSocket(GIOStream* connection);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Accepts the client's key, and reads from then on.
  void start(const std::string& key);
  void text(const std::string& message) { message_frames(1, message); }
  void binary(const std::string& message) { message_frames(2, message); }
  // Ends it without a word, behind what was said before.
  void drop();
  // The same, once what was said before is out.
  void hang_up();

  bool open() const { return !g_cancellable_is_cancelled(cancel_); }
  // Every message in three frames with a ping between them.
  bool fragmented = false;

 private:
  using Self = std::shared_ptr<WebSocket>;
  GIOStream* connection_;
  GCancellable* cancel_;
  std::deque<std::string> out_;
  bool writing_ = false, closing_ = false;
  std::string in_;
  char block_[4096];

  void message_frames(int opcode, const std::string& message);
  void frame(int opcode, bool last, std::string_view payload);
  void close(int code);
  void end();
  void write();
  void read();
  // Takes one whole frame from what was read.
  bool take_frame();
  void heard(int opcode, const std::string& payload);
};

using WebSocketPtr = std::shared_ptr<WebSocket>;

} // namespace standin
