// SPDX-License-Identifier: LGPL-2.1-or-later
// A writer behind chat completions: DeepSeek, DashScope's compatible mode and servers of one's own.
#pragma once

#include "base/guarded.h"
#include "net/http.h"
#include "service/access.h"
#include "service/backend.h"
#include "service/openai/chat_stream.h"

#include <set>
#include <string>

namespace aigc {

/// What is different between the services that speak chat completions.
struct ChatDialect {
  std::string service;            ///< backend name, for errors
  std::string base_url;           ///< "/chat/completions" goes behind it
  bool switches_thinking = false; ///< thinks unless told not to
  bool has_json_mode = false; ///< knows response_format and stream_options; else they are dropped
                              ///< when refused
  HttpTimeouts timeouts;
};

/// How a call is put; each step makes it plainer than the one before.
struct ChatForm {
  bool plain = false;         ///< without JSON mode and whatever else stands at its default
  bool renamed_limit = false; ///< max_completion_tokens in the place of max_tokens
  bool operator==(const ChatForm&) const = default;
};

/// DashScope's compatible mode beside its own API root: ".../api/v1" to ".../compatible-mode/v1".
/// Another URL stays as it is.
std::string compatible_base_url(const std::string& base_url);

/// Thread-safe; may be owned by any backend that has words.
class ChatService {
 public:
  ChatService(ChatDialect dialect, Access access);

  /// One call, and one more for each form that the service refuses, which is remembered. Throws
  /// Error: of the service, of HttpClient, moderation, format with code "blank-answer", which
  /// another try can help once.
  Result submit(const Request& request, Call& call);

 private:
  Result ask(const Request& request, const ChatForm& form, Call& call);
  HttpRequest message(const std::string& body, const Call& call) const;
  std::string body_of(const Request& request, const ChatForm& form) const;
  HttpResponse exchange(const std::string& body, Call& call, ChatReader& reader) const;
  Result result_of(const Request& request, const ChatAnswer& answer) const;
  [[noreturn]] void refuse(const std::string& body, const ChatAnswer& answer);
  [[noreturn]] void blank(const std::string& body, const ChatAnswer& answer);
  Error broken_off(const std::string& what, const std::string& code) const;

  const ChatDialect dialect_;
  const Access access_;
  const bool is_private_;
  Guarded<ChatForm> form_;                 ///< the one the service took
  Guarded<std::set<std::string>> blanked_; ///< digests of calls that were answered with nothing
};

} // namespace aigc
