// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of chat requests: 400 for broken rules, 422 for values out of range and of a wrong type.
#include "chat_check.h"

#include "answer.h"

#include <algorithm>
#include <array>

namespace standin {
namespace {

Problem broken(const std::string& message) {
  return {400, "invalid_request_error", message};
}
Problem unfit(const std::string& message) {
  return {422, "invalid_request_error", message};
}

bool model_is_known(const Standin& standin, const Exchange& exchange, const std::string& model) {
  for (const char* name : {"deepseek-flash", "deepseek-v4-pro", "deepseek-v4-flash"})
    if (model == name) return true;
  for (const Json& name : standin.config["chat"]["models"].items())
    if (model == name.text()) return true;
  return exchange.style == Style::Compatible &&
         (model.starts_with("qwen") || model.starts_with("deepseek-v"));
}

Checked model(const Standin& standin, const Exchange& exchange, const Json& body) {
  if (!body.has("model")) return broken("missing field `model`");
  if (!body["model"].is_string()) return unfit("model: invalid type, expected a string");
  const std::string& name = body["model"].text();
  if (name == "deepseek-chat" || name == "deepseek-reasoner")
    return broken("The model " + name +
                  " was retired on 2026-07-24. Use deepseek-flash or "
                  "deepseek-v4-pro instead.");
  if (model_is_known(standin, exchange, name)) return {};
  if (exchange.style == Style::Compatible)
    return Problem{404, "model_not_found", "The model `" + name + "` does not exist."};
  return broken("Model Not Exist");
}

Checked messages(const Json& body) {
  const Json& list = body["messages"];
  if (!body.has("messages")) return unfit("missing field `messages`");
  if (!list.is_array()) return unfit("messages: invalid type, expected a sequence");
  if (list.items().empty()) return broken("Empty input messages");
  constexpr std::array roles = {"system", "user", "assistant", "tool", "developer"};
  size_t place = 0;
  for (const Json& message : list.items()) {
    const std::string name = "messages[" + std::to_string(place++) + "]";
    const std::string& role = message["role"].text();
    if (std::find(roles.begin(), roles.end(), role) == roles.end())
      return unfit(name + ": unknown variant `" + role + "` of role");
    const Json& content = message["content"];
    const bool may_be_null = role == "assistant";
    if (!content.is_string() && !content.is_array() && !(may_be_null && content.is_null()))
      return unfit(name + ": invalid type of content, expected a string");
  }
  return {};
}

Checked number(const Json& body, const char* name, double least, double most, bool whole = false) {
  const Json& value = body[name];
  if (value.is_null()) return {};
  if (!(whole ? value.is_int() : value.is_number()))
    return unfit(std::string(name) + ": invalid type, expected " +
                 (whole ? "an integer" : "a number"));
  if (value.number() >= least && value.number() <= most) return {};
  return unfit("Invalid " + std::string(name) + " value, the valid range is [" +
               Json(least).print() + ", " + Json(most).print() + "]");
}

Checked choice(const Json& value, const char* name, std::initializer_list<const char*> legal) {
  if (value.is_null()) return {};
  for (const char* text : legal)
    if (value.text() == text) return {};
  return unfit(std::string(name) + ": unknown variant `" + value.text() + "`");
}

Checked boolean(const Json& value, const char* name) {
  if (value.is_null() || value.is_bool()) return {};
  return unfit(std::string(name) + ": invalid type, expected a boolean");
}

Checked ranges(const Json& body) {
  for (const auto& bad :
       {number(body, "temperature", 0, 2), number(body, "top_p", 0, 1),
        number(body, "frequency_penalty", -2, 2), number(body, "presence_penalty", -2, 2),
        number(body, "max_tokens", 1, 393216, true), number(body, "top_logprobs", 0, 20, true),
        boolean(body["stream"], "stream"), boolean(body["logprobs"], "logprobs"),
        boolean(body["stream_options"]["include_usage"], "stream_options.include_usage"),
        choice(body["thinking"]["type"], "thinking.type", {"enabled", "disabled"}),
        choice(body["response_format"]["type"], "response_format.type", {"text", "json_object"}),
        choice(body["reasoning_effort"], "reasoning_effort",
               {"low", "high", "max", "minimal", "medium", "xhigh", "ultra"})})
    if (bad) return bad;
  for (const char* name : {"thinking", "response_format", "stream_options"})
    if (!body[name].is_null() && !body[name].is_object())
      return unfit(std::string(name) + ": invalid type, expected an object");
  return {};
}

Checked user_id(const Json& value) {
  if (value.is_null()) return {};
  const std::string& text = value.text();
  constexpr char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (text.empty() || text.size() > 512 || text.find_first_not_of(legal) != text.npos)
    return unfit("user_id must match ^[A-Za-z0-9_-]{1,512}$");
  return {};
}

Checked rules(const Json& body) {
  const Json& stop = body["stop"];
  if (!stop.is_null() && !stop.is_string() && !stop.is_array())
    return unfit("stop: invalid type, expected a string or a sequence");
  if (stop.items().size() > 16) return unfit("stop: at most 16 sequences");
  if (body["tools"].items().size() > 128) return unfit("tools: at most 128");
  if (!body["top_logprobs"].is_null() && !body["logprobs"].boolean())
    return broken("top_logprobs needs logprobs to be true");
  if (!body["stream_options"].is_null() && !body["stream"].boolean())
    return broken("stream_options should be set along with stream = true");
  const bool thinking = body["thinking"]["type"].text() != "disabled";
  const Json& tool = body["tool_choice"];
  if (thinking && (tool.is_object() || tool.text() == "required"))
    return broken("tool_choice is not supported in thinking mode");
  if (body["response_format"]["type"].text() == "json_object" && !mentions_json(body["messages"]))
    return broken("Prompt must contain the word 'json' in some form to use 'response_format' of "
                  "type 'json_object'.");
  return user_id(body["user_id"]);
}

} // namespace

Checked check_chat(const Standin& standin, const Exchange& exchange) {
  if (!exchange.json || !exchange.json->is_object())
    return broken("Failed to parse the request body as JSON");
  const Json& body = *exchange.json;
  if (auto bad = model(standin, exchange, body)) return bad;
  if (auto bad = messages(body)) return bad;
  if (auto bad = ranges(body)) return bad;
  return rules(body);
}

} // namespace standin
