// SPDX-License-Identifier: LGPL-2.1-or-later
// See chat_stream.h.
#include "service/openai/chat_stream.h"

#include "service/http_error.h"

#include <algorithm>

namespace aigc {

namespace {

gint64 count_of(JsonView value) {
  return std::clamp<gint64>(value.integer().value_or(0), 0, 1'000'000'000);
}

} // namespace

ChatReader::ChatReader(std::string service, Secret key)
    : service_(std::move(service)), key_(std::move(key)) {}

void ChatReader::fail(const std::string& what) const {
  Error error(Fault::format, service_ + " " + what,
              "check that base-url is the root of a chat completions service");
  error.service = service_;
  error.code = "bad-answer";
  throw error;
}

/// By the first sign of a body: a comment, a field of an event, an object, or a page of something.
ChatReader::Form ChatReader::form_of(char first) {
  if (first == '{') return Form::object;
  constexpr std::string_view kFields = ":deir\xEF"; // : data event id retry, or a BOM
  return kFields.find(first) != std::string_view::npos ? Form::events : Form::other;
}

bool ChatReader::push(std::string_view bytes) {
  if (form_ != Form::unknown) return push_known(bytes);
  body_ += bytes;
  const size_t start = body_.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) {
    body_.clear();
    return true;
  }
  const std::string held = std::exchange(body_, {});
  form_ = form_of(held[start]);
  return push_known(std::string_view(held).substr(form_ == Form::object ? start : 0));
}

bool ChatReader::push_known(std::string_view bytes) {
  if (form_ == Form::events) {
    events_.push(bytes, [this](const SseEvent& event) { take_event(event); });
    return !answer_.done;
  }
  if (form_ == Form::other) return true;
  if (body_.size() + bytes.size() > kMaxJsonBytes) fail("sent an answer that is too long");
  body_ += bytes;
  return true;
}

void ChatReader::finish() {
  if (form_ == Form::other) fail("answered with something that is no chat completion");
  if (form_ == Form::events) {
    // A last event without its blank line: the stream was cut, or the server forgot it.
    ending_ = true;
    events_.push("\n\n", [this](const SseEvent& event) { take_event(event); });
  }
  if (form_ != Form::object) return;
  Ref<JsonNode> root;
  try {
    root = parse_json(body_);
  } catch (const Error&) {
    fail("answered with broken JSON");
  }
  take_object(root.get());
  if (!JsonView(root.get())["choices"].is_array())
    fail("answered with something that is no chat completion");
  answer_.done = true;
}

void ChatReader::take_event(const SseEvent& event) {
  const size_t start = event.data.find_first_not_of(" \t\r\n");
  if (answer_.done || start == std::string::npos) return;
  const std::string_view data = std::string_view(event.data).substr(start);
  if (data.starts_with("[DONE]")) {
    answer_.done = true;
    return;
  }
  if (data.front() != '{') return; // filler of some kind
  Ref<JsonNode> root;
  try {
    root = parse_json(data);
  } catch (const Error&) {
    if (ending_) return;
    fail("sent a broken piece of its answer");
  }
  if (event.type == "error" && !JsonView(root.get())["error"].exists())
    throw service_error(read_refusal(service_, 200, root.get()), key_);
  take_object(root.get());
}

void ChatReader::take_object(JsonView object) {
  const bool flat = !object["choices"].exists() && !object["code"].text().empty();
  if (object["error"].exists() || flat) {
    Error error = service_error(read_refusal(service_, 200, object), key_);
    // Words that came were generated, and are perhaps paid for.
    error.unclear = !answer_.content.empty();
    throw error;
  }
  if (answer_.id.empty()) answer_.id = object["id"].text();
  take_usage(object["usage"]);
  const JsonView choices = object["choices"];
  for (size_t i = 0; i < choices.size(); ++i)
    if (choices.at(i)["index"].integer().value_or(0) == 0) take_choice(choices.at(i));
}

void ChatReader::take_choice(JsonView choice) {
  for (const char* part : {"delta", "message"}) {
    add_text(choice[part]["content"], answer_.content);
    add_text(choice[part]["refusal"], answer_.refusal);
  }
  const std::string finish = choice["finish_reason"].text();
  if (!finish.empty()) answer_.finish = finish;
}

void ChatReader::take_usage(JsonView usage) {
  if (!usage.is_object()) return;
  answer_.has_usage = true;
  answer_.usage.input_tokens = count_of(usage["prompt_tokens"]);
  answer_.usage.output_tokens = count_of(usage["completion_tokens"]);
  const gint64 cached = std::max(count_of(usage["prompt_cache_hit_tokens"]),
                                 count_of(usage["prompt_tokens_details"]["cached_tokens"]));
  answer_.usage.cached_tokens = std::min(cached, answer_.usage.input_tokens);
}

void ChatReader::add_text(JsonView content, std::string& text) {
  // Half a surrogate pair in an escape comes out of the parser as bytes that are no UTF-8.
  const auto add = [&](const std::string& part) {
    text += take_string(g_utf8_make_valid(part.data(), static_cast<gssize>(part.size())));
  };
  for (size_t i = 0; i < content.size(); ++i)
    add(content.at(i)["text"].text(content.at(i).text()));
  add(content.text());
  if (text.size() > kMaxContent) fail("sent an answer that is too long");
}

} // namespace aigc
