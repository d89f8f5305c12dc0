// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's side of a WebSocket (RFC 6455), byte by byte.
#pragma once

#include "../socket_server.h"
#include "base/ref.h"

#include <string>

namespace web_frames {

enum Opcode { kMore = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

/// One frame as a server sends it, unmasked.
inline std::string frame(Opcode opcode, const std::string& payload, bool last = true) {
  std::string frame(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  const size_t size = payload.size();
  if (size < 126) {
    frame += static_cast<char>(size);
  } else if (size < 65536) {
    frame += static_cast<char>(126);
    frame += {static_cast<char>(size >> 8), static_cast<char>(size)};
  } else {
    frame += static_cast<char>(127);
    for (int shift = 56; shift >= 0; shift -= 8)
      frame += static_cast<char>(static_cast<guint64>(size) >> shift);
  }
  return frame + payload;
}

inline std::string big_endian(guint32 number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// The answer that opens the socket `request` asks for.
inline std::string handshake(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const size_t at = request.find(name) + name.size();
  const std::string key =
      request.substr(at, request.find('\r', at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  GChecksum* sum = g_checksum_new(G_CHECKSUM_SHA1);
  g_checksum_update(sum, reinterpret_cast<const guchar*>(key.data()), -1);
  guint8 digest[20];
  gsize size = sizeof digest;
  g_checksum_get_digest(sum, digest, &size);
  g_checksum_free(sum);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         aigc::take_string(g_base64_encode(digest, size)) + "\r\n\r\n";
}

/// A short frame as a client sends it, unmasked: opcode and payload; opcode -1 at the end.
struct Heard {
  int opcode = -1;
  std::string payload;
};
inline Heard hear(SocketServer::Connection& connection) {
  const auto take = [&](size_t size) {
    std::string bytes(size, 0);
    for (size_t got = 0; got < size;) {
      const ssize_t more = recv(connection.peer, bytes.data() + got, size - got, 0);
      if (more <= 0) return std::string();
      got += static_cast<size_t>(more);
    }
    return bytes;
  };
  const std::string head = take(2);
  if (head.empty()) return {};
  const std::string mask = take(4);
  std::string payload = take(static_cast<guchar>(head[1]) & 0x7f);
  for (size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  return {head[0] & 0x0f, payload};
}

} // namespace web_frames
