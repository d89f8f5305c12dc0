// SPDX-License-Identifier: LGPL-2.1-or-later
// The answer of a chat service, put together from the pieces it comes in.
#pragma once

#include "base/json.h"
#include "base/secret.h"
#include "net/sse.h"
#include "store/result.h"

#include <string>
#include <string_view>

namespace aigc {

/// What has arrived so far.
struct ChatAnswer {
  std::string content;
  std::string refusal; ///< the model's own words for why it does not answer
  std::string finish;  ///< why it ended: "stop", "length", ...; empty while it has not
  std::string id;
  Usage usage;
  bool has_usage = false;
  bool done = false; ///< the service said that nothing more comes
};

/// Takes a stream of server-sent events, or the one JSON object of a server that does not stream,
/// with blank lines and comments in front of either.
class ChatReader {
 public:
  /// Longest answer in bytes; a description has some hundred.
  static constexpr size_t kMaxContent = 256u << 10;

  /// `service` and `key` are for the errors.
  explicit ChatReader(std::string service, Secret key = {});

  /// False when the answer is complete. Throws Error: what the service says inside the stream,
  /// format for what is no chat answer or too long.
  bool push(std::string_view bytes);
  /// At the end of the body, which may have come too early: answer() tells. Throws as push().
  void finish();

  const ChatAnswer& answer() const { return answer_; }

 private:
  enum class Form { unknown, events, object, other };
  static Form form_of(char first);
  bool push_known(std::string_view bytes);
  void take_event(const SseEvent& event);
  void take_object(JsonView object);
  void take_choice(JsonView choice);
  void take_usage(JsonView usage);
  void add_text(JsonView content, std::string& text);
  [[noreturn]] void fail(const std::string& what) const;

  std::string service_;
  Secret key_;
  Form form_ = Form::unknown;
  SseReader events_;
  bool ending_ = false;
  std::string body_; ///< of the one object, or what came before the form was known
  ChatAnswer answer_;
};

} // namespace aigc
