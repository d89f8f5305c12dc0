// SPDX-License-Identifier: LGPL-2.1-or-later
// Server-sent events, cut out of a stream of bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace aigc {

struct SseEvent {
  std::string type; ///< the event field, "message" where none was sent
  std::string data; ///< data lines joined by LF
  std::string id;
};

/// Takes the bytes as they come, cut anywhere: inside a character, a line end or a BOM. LF, CRLF
/// and CR end lines, comments are dropped, an event without data is none.
class SseReader {
 public:
  static constexpr size_t kMaxEventBytes = 1u << 20;

  /// Throws Error{Fault::format} for an event over kMaxEventBytes.
  void push(std::string_view bytes, const std::function<void(const SseEvent&)>& take);

 private:
  void line(std::string_view text, const std::function<void(const SseEvent&)>& take);

  std::string rest_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool started_ = false;
};

} // namespace aigc
