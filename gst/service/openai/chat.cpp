// SPDX-License-Identifier: LGPL-2.1-or-later
// See chat.h.
#include "service/openai/chat.h"

#include "service/http_error.h"
#include "service/writer/answer.h"
#include "service/writer/own_words.h"
#include "service/writer/rules.h"

#include <exception>
#include <optional>

namespace aigc {

namespace {

constexpr size_t kLongestId = 128;
constexpr size_t kMostBlanked = 1000;

std::string digest_of(const std::string& text) {
  return take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.data(),
                                                   static_cast<gssize>(text.size())));
}

/// The next form to put a call in that was refused for a value, which may be that of a field the
/// service does not know; `form` itself where there is none.
ChatForm plainer(ChatForm form, const Error& error) {
  if (error.fault != Fault::settings || (error.http_status != 400 && error.http_status != 422))
    return form;
  const bool names_limit = std::string_view(error.what()).find("max_tokens") != std::string::npos;
  if (names_limit && !form.renamed_limit)
    form.renamed_limit = true;
  else
    form.plain = true;
  return form;
}

/// The model stopped by itself or at its limit, so more would not have come.
bool has_ended(const ChatAnswer& answer) {
  if (answer.finish.empty()) return answer.done;
  return answer.finish != "insufficient_system_resource" && answer.finish != "aborted";
}

} // namespace

std::string compatible_base_url(const std::string& base_url) {
  constexpr std::string_view kOwn = "/api/v1", kCompatible = "/compatible-mode/v1";
  if (!base_url.ends_with(kOwn)) return base_url;
  return base_url.substr(0, base_url.size() - kOwn.size()) + std::string(kCompatible);
}

ChatService::ChatService(ChatDialect dialect, Access access)
    : dialect_(std::move(dialect)), access_(std::move(access)),
      is_private_(origin_of(dialect_.base_url).is_private) {}

std::string ChatService::body_of(const Request& request, const ChatForm& form) const {
  static const Request defaults;
  const auto message = [](const char* role, const std::string& content) {
    return JsonObjectMaker().set("role", role).set("content", content);
  };
  JsonObjectMaker body;
  body.set("model", request.model);
  body.set("messages", std::vector<JsonObjectMaker>{message("system", writer_rules(request)),
                                                    message("user", writer_order(request))});
  if (dialect_.switches_thinking) body.set("thinking", JsonObjectMaker().set("type", "disabled"));
  body.set(form.renamed_limit ? "max_completion_tokens" : "max_tokens", request.max_tokens);
  if (!form.plain || request.temperature != defaults.temperature)
    body.set("temperature", request.temperature);
  if (!form.plain || request.top_p != defaults.top_p) body.set("top_p", request.top_p);
  body.set("stream", true);
  if (!form.plain) {
    body.set("response_format", JsonObjectMaker().set("type", "json_object"));
    body.set("stream_options", JsonObjectMaker().set("include_usage", true));
  }
  return body.text();
}

HttpRequest ChatService::message(const std::string& body, const Call& call) const {
  HttpRequest message;
  message.method = "POST";
  message.url = dialect_.base_url + "/chat/completions";
  message.headers = {{"Accept", "text/event-stream, application/json"}};
  message.bearer = access_.key;
  message.content_type = "application/json";
  message.body = adopt(g_bytes_new(body.data(), body.size()));
  message.timeouts = dialect_.timeouts;
  message.timeouts.total = call.deadline;
  message.private_allowed = is_private_;
  message.creates = true;
  return message;
}

/// Reads the whole answer into `reader`, whose errors wait until the exchange is over.
HttpResponse ChatService::exchange(const std::string& body, Call& call, ChatReader& reader) const {
  std::exception_ptr failure;
  const HttpResponse response =
      HttpClient::shared().stream(message(body, call), call.cancel, [&](std::string_view bytes) {
        try {
          return reader.push(bytes);
        } catch (...) {
          failure = std::current_exception();
          return false;
        }
      });
  if (response.status < 200 || response.status > 299)
    throw http_error(dialect_.service, response, access_.key);
  if (failure) std::rethrow_exception(failure);
  if (!reader.answer().done) reader.finish();
  return response;
}

Error ChatService::broken_off(const std::string& what, const std::string& code) const {
  Error error(Fault::read, dialect_.service + " " + what, "try again later");
  error.service = dialect_.service;
  error.code = code;
  error.retry = true;
  return error;
}

/// Once more may help, but not again and again: each try is paid for.
void ChatService::blank(const std::string& body, const ChatAnswer& answer) {
  const bool cut = answer.finish == "length";
  Error error(Fault::format, dialect_.service + " answered without a description",
              cut ? "raise max-tokens" : "try again, or use another model");
  error.service = dialect_.service;
  error.code = "blank-answer";
  error.request_id = printable_token(answer.id, kLongestId, access_.key);
  const std::string digest = digest_of(body);
  auto blanked = blanked_.lock();
  error.retry = blanked->erase(digest) == 0;
  if (blanked->size() >= kMostBlanked) blanked->clear();
  if (error.retry) blanked->insert(digest);
  throw error;
}

/// Throws for an answer without a description that can be used. It is billed where it is whole.
void ChatService::refuse(const std::string& body, const ChatAnswer& answer) {
  const bool filtered = answer.finish == "content_filter";
  if (filtered || (is_blank(answer.content) && !answer.refusal.empty()))
    throw service_error({.service = dialect_.service,
                         .code = "content_filter",
                         .message = answer.refusal,
                         .request_id = answer.id},
                        access_.key);
  if (has_ended(answer)) blank(body, answer);
  if (!answer.finish.empty())
    throw broken_off("gave up in the middle of its answer", printable_token(answer.finish, 64));
  Error error = broken_off("broke off before its answer was complete", "incomplete-answer");
  error.unclear = true;
  error.retry = false;
  throw error;
}

/// What the answer gives; a blank prompt when it gives nothing.
Result ChatService::result_of(const Request& request, const ChatAnswer& answer) const {
  Result result;
  result.request_id = printable_token(answer.id, kLongestId, access_.key);
  result.usage = answer.usage;
  Written written = read_answer(answer.content, answer.finish == "length");
  const bool usable = !written.prompt.empty() && (written.complete || has_ended(answer));
  if (!usable) return result;
  result.prompt = keep_own_words(idea_of(request), written.prompt);
  result.negative_prompt = std::move(written.negative_prompt);
  result.motion_prompt = std::move(written.motion_prompt);
  result.keyframe = std::move(written.keyframe);
  result.mood = std::move(written.mood);
  return result;
}

Result ChatService::ask(const Request& request, const ChatForm& form, Call& call) {
  const std::string body = body_of(request, form);
  ChatReader reader(dialect_.service, access_.key);
  HttpResponse response;
  std::optional<Error> failure;
  try {
    response = exchange(body, call, reader);
  } catch (const Error& error) {
    // A description that arrived whole is worth keeping whatever became of the rest.
    if (error.fault == Fault::cancelled || error.fault == Fault::moderation) throw;
    failure = error;
  }
  const ChatAnswer& answer = reader.answer();
  Result result;
  if (answer.finish != "content_filter") result = result_of(request, answer);
  if (failure && result.prompt.empty()) {
    failure->service = dialect_.service;
    throw *failure;
  }
  try {
    if (result.prompt.empty()) refuse(body, answer);
  } catch (Error& error) {
    error.billed = !error.unclear;
    throw;
  }
  if (const std::string* id = response.header("x-request-id"))
    result.request_id = printable_token(*id, kLongestId, access_.key);
  blanked_.lock()->erase(digest_of(body));
  return result;
}

Result ChatService::submit(const Request& request, Call& call) {
  for (ChatForm form = form_.snapshot();;) {
    try {
      Result result = ask(request, form, call);
      *form_.lock() = form;
      return result;
    } catch (const Error& error) {
      // A call that was refused is not paid for, so it may be put again in plainer form.
      const ChatForm next = plainer(form, error);
      if (dialect_.has_json_mode || next == form) throw;
      form = next;
    }
  }
}

} // namespace aigc
