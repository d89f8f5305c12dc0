// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket as its server.
#include "comfyui_socket.h"

#include <algorithm>

namespace standin {
namespace {

constexpr size_t most_bytes = 1 << 20; // of a client's frame; they send next to nothing
constexpr int op_close = 8, op_ping = 9, op_pong = 10;
constexpr int protocol_error = 1002, too_big = 1009;

std::string accept_key(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
  g_checksum_update(checksum, reinterpret_cast<const guchar*>(text.data()),
                    static_cast<gssize>(text.size()));
  guint8 digest[20];
  gsize length = sizeof digest;
  g_checksum_get_digest(checksum, digest, &length);
  g_autofree char* out = g_base64_encode(digest, length);
  return out;
}

size_t big_endian(std::string_view bytes) {
  size_t value = 0;
  for (const char byte : bytes)
    value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

void put_big_endian(std::string& out, size_t value, int bytes) {
  while (bytes-- > 0)
    out += static_cast<char>(value >> (8 * bytes));
}

} // namespace

WebSocket::WebSocket(GIOStream* connection)
    : connection_(connection), cancel_(g_cancellable_new()) {}

WebSocket::~WebSocket() {
  g_io_stream_close(connection_, nullptr, nullptr);
  g_object_unref(connection_);
  g_object_unref(cancel_);
}

void WebSocket::start(const std::string& key) {
  out_.push_back("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
                 accept_key(key) + "\r\n\r\n");
  write();
  read();
}

void WebSocket::drop() {
  closing_ = true;
  write();
}

void WebSocket::end() {
  g_cancellable_cancel(cancel_); // what still reads and writes lets go of it, and it closes
}

void WebSocket::message_frames(int opcode, const std::string& message) {
  if (!fragmented) return frame(opcode, true, message);
  const std::string_view all = message;
  const size_t third = all.size() / 3;
  frame(opcode, false, all.substr(0, third));
  frame(op_ping, true, "still there?");
  frame(0, false, all.substr(third, third));
  frame(0, true, all.substr(2 * third));
}

void WebSocket::frame(int opcode, bool last, std::string_view payload) {
  if (!open() || closing_) return;
  std::string bytes(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    bytes += static_cast<char>(payload.size());
  } else {
    const bool wide = payload.size() > 0xffff;
    bytes += static_cast<char>(wide ? 127 : 126);
    put_big_endian(bytes, payload.size(), wide ? 8 : 2);
  }
  bytes += payload;
  out_.push_back(std::move(bytes));
  write();
}

void WebSocket::close(int code) {
  std::string payload;
  put_big_endian(payload, static_cast<size_t>(code), 2);
  frame(op_close, true, payload);
  closing_ = true;
}

void WebSocket::hang_up() {
  closing_ = true;
  write();
}

void WebSocket::write() {
  if (writing_ || !open()) return;
  if (out_.empty()) {
    if (closing_) end();
    return;
  }
  writing_ = true;
  g_output_stream_write_all_async(
      g_io_stream_get_output_stream(connection_), out_.front().data(), out_.front().size(),
      G_PRIORITY_DEFAULT, cancel_,
      [](GObject* stream, GAsyncResult* result, gpointer data) {
        const std::unique_ptr<Self> self(static_cast<Self*>(data));
        const bool written =
            g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, nullptr, nullptr);
        (*self)->writing_ = false;
        (*self)->out_.pop_front();
        written ? (*self)->write() : (*self)->end();
      },
      new Self(shared_from_this()));
}

void WebSocket::read() {
  g_input_stream_read_async(
      g_io_stream_get_input_stream(connection_), block_, sizeof block_, G_PRIORITY_DEFAULT, cancel_,
      [](GObject* stream, GAsyncResult* result, gpointer data) {
        const std::unique_ptr<Self> holder(static_cast<Self*>(data));
        WebSocket& self = **holder;
        const gssize count = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, nullptr);
        if (!self.open()) return;
        if (count <= 0) return self.end();
        self.in_.append(self.block_, static_cast<size_t>(count));
        while (self.open() && !self.closing_ && self.take_frame()) {
        }
        if (self.open()) self.read();
      },
      new Self(shared_from_this()));
}

bool WebSocket::take_frame() {
  if (in_.size() < 2) return false;
  const auto first = static_cast<unsigned char>(in_[0]),
             second = static_cast<unsigned char>(in_[1]);
  size_t length = second & 0x7f, head = 2;
  if (length >= 126) {
    const size_t wide = length == 127 ? 8 : 2;
    head += wide;
    if (in_.size() < head) return false;
    length = big_endian(std::string_view(in_).substr(2, wide));
  }
  // A client that sends without a mask is wrong.
  if (!(second & 0x80) || (first & 0x70)) return close(protocol_error), false;
  if (length > most_bytes) return close(too_big), false;
  if (in_.size() < head + 4 + length) return false;
  std::string payload = in_.substr(head + 4, length);
  for (size_t i = 0; i < length; ++i)
    payload[i] = static_cast<char>(payload[i] ^ in_[head + i % 4]);
  in_.erase(0, head + 4 + length);
  heard(first & 0x0f, payload);
  return true;
}

void WebSocket::heard(int opcode, const std::string& payload) {
  if (opcode == op_ping) frame(op_pong, true, payload);
  if (opcode == op_close) {
    frame(op_close, true, payload);
    drop();
  }
}

} // namespace standin
