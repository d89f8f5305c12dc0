// SPDX-License-Identifier: LGPL-2.1-or-later
// Chat completions, whole and streamed, the list of models and the balance.
#include "answer.h"
#include "chat_check.h"
#include "standin.h"
#include "util.h"

#include <algorithm>

namespace standin {
namespace {

struct Answer {
  std::string id, model, thought, content, finish = "stop";
  int64_t created = 0;
  Json usage;
  bool include_usage = false;
};

std::string middle(const std::string& text) {
  return cut(text, characters(text) / 2);
}

void change_by_fault(const Exchange& exchange, Answer& answer) {
  if (exchange.has_content_fault("blank-content")) {
    answer.content = " \n";
  } else if (exchange.has_content_fault("truncated-content")) {
    answer.content = middle(answer.content);
    answer.finish = "length";
  } else if (exchange.has_content_fault("plain-text-content")) {
    answer.content = prose_answer((*exchange.json)["messages"]);
  } else if (exchange.has_content_fault("content-filter")) {
    answer.content = "";
    answer.finish = "content_filter";
  } else if (exchange.has_content_fault("insufficient-resource")) {
    answer.content = middle(answer.content);
    answer.finish = "insufficient_system_resource";
  }
}

Json usage_of(const Json& messages, const Answer& answer) {
  int asked = 0;
  for (const Json& message : messages.items())
    asked += 4 + tokens(message_text(message));
  const int thought = tokens(answer.thought), said = tokens(answer.content) + thought;
  return Json::object(
      {{"prompt_tokens", asked},
       {"completion_tokens", said},
       {"total_tokens", asked + said},
       {"prompt_cache_hit_tokens", 0},
       {"prompt_cache_miss_tokens", asked},
       {"prompt_tokens_details", Json::object({{"cached_tokens", 0}})},
       {"completion_tokens_details", Json::object({{"reasoning_tokens", thought}})}});
}

Answer make_answer(const Standin& standin, const Exchange& exchange) {
  const Json& body = *exchange.json;
  const Json& config = standin.config["chat"];
  const Json& messages = body["messages"];
  Answer answer;
  answer.id = exchange.request_id;
  answer.model = body["model"].text();
  answer.created = now_ms() / 1000;
  answer.finish = config["finish_reason"].text();
  if (config["content"].is_string())
    answer.content = config["content"].text();
  else if (mentions_json(messages))
    answer.content = json_answer(messages);
  else
    answer.content = prose_answer(messages);
  const bool thinks = exchange.style == Style::Compatible
                          ? body["enable_thinking"].boolean()
                          : body["thinking"]["type"].text() != "disabled";
  if (thinks) answer.thought = reasoning(messages);
  change_by_fault(exchange, answer);
  if (const int64_t most = body["max_tokens"].integer(); most > 0) {
    const int left = static_cast<int>(most) - tokens(answer.thought);
    if (tokens(answer.content) > left) {
      answer.content = cut_tokens(answer.content, std::max(0, left));
      answer.finish = "length";
    }
  }
  answer.usage = usage_of(messages, answer);
  answer.include_usage = body["stream_options"]["include_usage"].boolean();
  return answer;
}

Json envelope(const Answer& answer, const char* object, Json choices) {
  return Json::object({{"id", answer.id},
                       {"object", object},
                       {"created", answer.created},
                       {"model", answer.model},
                       {"system_fingerprint", "fp_standin"},
                       {"choices", std::move(choices)}});
}

Json whole(const Answer& answer) {
  Json message = Json::object({{"role", "assistant"}, {"content", answer.content}});
  if (!answer.thought.empty()) message.set("reasoning_content", answer.thought);
  Json body = envelope(answer, "chat.completion",
                       Json::array({Json::object({{"index", 0},
                                                  {"message", std::move(message)},
                                                  {"logprobs", Json()},
                                                  {"finish_reason", answer.finish}})}));
  body.set("usage", answer.usage);
  return body;
}

Json chunk(const Answer& answer, Json delta, Json finish = {}) {
  return envelope(answer, "chat.completion.chunk",
                  Json::array({Json::object({{"index", 0},
                                             {"delta", std::move(delta)},
                                             {"logprobs", Json()},
                                             {"finish_reason", std::move(finish)}})}));
}

void add_text(std::vector<Json>& chunks, const Answer& answer, const char* name,
              const std::string& text) {
  constexpr size_t per_chunk = 16; // characters
  const bool content = std::string_view(name) == "content";
  for (std::string left = text; !left.empty();) {
    const std::string part = cut(left, per_chunk);
    left.erase(0, part.size());
    Json delta = Json::object({{name, part}});
    // While one of the two flows the other is null.
    if (!answer.thought.empty()) delta.set(content ? "reasoning_content" : "content", Json());
    chunks.push_back(chunk(answer, std::move(delta)));
  }
}

// The events of a stream, as lines.
std::vector<std::string> events(const Standin& standin, const Exchange& exchange,
                                const Answer& answer) {
  const Json& config = standin.config["chat"];
  const std::string newline = config["newline"].text() == "crlf" ? "\r\n" : "\n";
  std::vector<Json> chunks{chunk(answer, Json::object({{"role", "assistant"}, {"content", ""}}))};
  add_text(chunks, answer, "reasoning_content", answer.thought);
  add_text(chunks, answer, "content", answer.content);
  chunks.push_back(chunk(answer, Json::object({{"content", ""}}), answer.finish));
  if (answer.include_usage) {
    chunks.push_back(envelope(answer, "chat.completion.chunk", Json(Json::Array{})));
    chunks.back().set("usage", answer.usage);
  }
  const bool fails = exchange.has_content_fault("error-in-stream");
  if (fails) {
    chunks.resize(chunks.size() / 2 + 1);
    chunks.back() = error_body(Style::DeepSeek, 500, "internal_error",
                               "the stand-in was told to fail in the stream", exchange.request_id);
  }
  const bool chatty = config["keepalive_comments"].integer() > 0;
  std::vector<std::string> lines;
  for (const Json& data : chunks) {
    std::string line = "data: " + data.print() + newline + newline;
    if (chatty && lines.size() % 3 == 1) line = ": keep-alive" + newline + newline + line;
    lines.push_back(std::move(line));
  }
  if (config["done_marker"].boolean() && !fails)
    lines.push_back("data: [DONE]" + newline + newline);
  return lines;
}

// Spreads the pieces over the time from the first byte to the last.
void spread(std::vector<Piece>& pieces, size_t from, double begin, double end) {
  const double count = static_cast<double>(pieces.size() - from);
  for (size_t i = from; i < pieces.size(); ++i)
    pieces[i].at = begin + (end - begin) * static_cast<double>(i - from + 1) / count;
}

std::vector<std::string> recut(const std::vector<std::string>& lines, size_t bytes) {
  if (bytes == 0) return lines;
  std::string all;
  for (const std::string& line : lines)
    all += line;
  std::vector<std::string> out;
  for (size_t at = 0; at < all.size(); at += bytes)
    out.push_back(all.substr(at, bytes));
  return out;
}

void answer_stream(const Standin& standin, const ExchangePtr& exchange, const Answer& answer) {
  const Json& config = standin.config["chat"];
  const std::string newline = config["newline"].text() == "crlf" ? "\r\n" : "\n";
  const double first = config["first_byte_seconds"].number();
  const double wait = std::max(0., config["seconds"].number() - first);
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < config["leading_blank_lines"].integer(); ++i)
    pieces.push_back({0, newline});
  const int64_t comments = config["keepalive_comments"].integer();
  for (int64_t i = 0; i < comments; ++i) // while it is queued
    pieces.push_back({wait / 2 * static_cast<double>(i) / static_cast<double>(comments),
                      ": keep-alive" + newline + newline});
  const size_t from = pieces.size();
  auto parts = recut(events(standin, *exchange, answer),
                     static_cast<size_t>(config["chunk_bytes"].integer()));
  const bool stalls = exchange->has_content_fault("stall-in-stream");
  if (stalls)
    parts.resize(std::min<size_t>(parts.size(), exchange->fault->spec["after_chunks"].integer(3)));
  for (std::string& part : parts)
    pieces.push_back({0, std::move(part)});
  if (pieces.size() > from) spread(pieces, from, comments > 0 ? wait / 2 : 0, wait);
  exchange->stream("text/event-stream", std::move(pieces), stalls);
}

void answer_whole(const Standin& standin, const ExchangePtr& exchange, const Answer& answer) {
  const Json& config = standin.config["chat"];
  const double first = config["first_byte_seconds"].number();
  const double wait = std::max(0., config["seconds"].number() - first);
  const int64_t blanks = config["leading_blank_lines"].integer();
  if (exchange->has_content_fault("stall-in-stream"))
    return exchange->stream("application/json", {{0, "\n"}}, true);
  if (exchange->has_content_fault("error-in-stream"))
    return exchange->error(500, "internal_error", "the stand-in was told to fail in the stream");
  if (blanks == 0) return after(wait, [exchange, answer] { exchange->send(whole(answer)); });
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < blanks; ++i)
    pieces.push_back({wait * static_cast<double>(i) / static_cast<double>(blanks), "\n"});
  pieces.push_back({wait, whole(answer).print()});
  exchange->stream("application/json", std::move(pieces));
}

// Counts the chat among those in flight; false when there are too many.
bool enter(Standin& standin, const ExchangePtr& exchange, const std::string& model) {
  const std::string group = model == "deepseek-v4-pro" ? "deepseek-v4-pro" : "deepseek-flash";
  const Limit limit = Limits::of(group, standin.config["limits"]);
  int& flying = standin.chats[group];
  if ((limit.concurrent > 0 && flying >= limit.concurrent) ||
      !standin.limits.submit(group, standin.config["limits"])) {
    const bool compatible = exchange->style == Style::Compatible;
    exchange->error(429, compatible ? "limit_requests" : "rate_limit_exceeded",
                    "Rate limit reached, please pace your requests.");
    return false;
  }
  ++flying;
  exchange->held = std::shared_ptr<void>(nullptr, [&flying](void*) { --flying; });
  return true;
}

} // namespace

void chat_route(Standin& standin, const ExchangePtr& exchange) {
  if (const Checked bad = check_chat(standin, *exchange)) {
    const bool unfit = exchange->style == Style::Compatible && bad->status == 422;
    return exchange->error(unfit ? 400 : bad->status, unfit ? "invalid_parameter_error" : bad->code,
                           bad->message);
  }
  const Json& body = *exchange->json;
  if (!enter(standin, exchange, body["model"].text())) return;
  const Answer answer = make_answer(standin, *exchange);
  std::string asked;
  for (const Json& message : body["messages"].items())
    if (message["role"].text() == "user") asked = message_text(message);
  standin.calls.bill(*exchange->call, answer.model, asked, Json());
  const bool streams = body["stream"].boolean();
  after(standin.config["chat"]["first_byte_seconds"].number(),
        [&standin, exchange, answer, streams] {
          (streams ? answer_stream : answer_whole)(standin, exchange, answer);
        });
}

void models_route(Standin& standin, const ExchangePtr& exchange) {
  Json data;
  auto add = [&](const std::string& name, const char* owner) {
    data.push(Json::object({{"id", name}, {"object", "model"}, {"owned_by", owner}}));
  };
  for (const char* name : {"deepseek-flash", "deepseek-v4-pro", "deepseek-v4-flash"})
    add(name, "deepseek");
  for (const Json& name : standin.config["chat"]["models"].items())
    add(name.text(), "deepseek");
  if (exchange->path.starts_with("/v1/")) {
    for (const char* name : {"gpt-image-1", "dall-e-3", "sora-2", "sora-2-pro"})
      add(name, "openai");
    for (const Json& name : standin.config["profiles"]["openai"]["models"].items())
      add(name.text(), "openai");
  }
  exchange->send(Json::object({{"object", "list"}, {"data", std::move(data)}}));
}

void balance_route(Standin&, const ExchangePtr& exchange) {
  exchange->send(Json::object(
      {{"is_available", true},
       {"balance_infos", Json::array({Json::object({{"currency", "CNY"},
                                                    {"total_balance", "100.00"},
                                                    {"granted_balance", "0.00"},
                                                    {"topped_up_balance", "100.00"}})})}}));
}

} // namespace standin
