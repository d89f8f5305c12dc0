// SPDX-License-Identifier: LGPL-2.1-or-later
// See server.h.
#include "service/openai/server.h"

#include "net/url.h"
#include "service/http_error.h"
#include "service/inline_media.h"

#include <algorithm>

namespace aigc::openai {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kLongestId = 128;

namespace {

/// What asks for a key may forward to services that send bills, unless it is known what it is.
Endpoint endpoint_for(const Access& access) {
  Endpoint endpoint = endpoint_of(access);
  const bool is_own = access.profile != Profile::automatic && access.profile != Profile::openai;
  endpoint.free = endpoint.is_private && (access.key.empty() || is_own);
  return endpoint;
}

/// Whoever says so does not know what becomes of the call: what is behind it may still work on it.
bool lost_patience(int status) {
  return status == 408 || status == 502 || status == 504 || (status >= 520 && status <= 527);
}

} // namespace

Server::Server(const Access& access) : access_(access), endpoint_(endpoint_for(access)) {}

std::string Server::at(const std::string& path) const {
  std::string root = access_.base_url;
  if (root.ends_with("/v1")) root.resize(root.size() - 3);
  return root + path;
}

std::string Server::resolve(const std::string& location) const {
  try {
    return join_url(parse_url(at("/")), location).text();
  } catch (const Error&) {
    throw error(Fault::format, "names an address that is none", "run again");
  }
}

bool Server::is_own(const std::string& url) const {
  try {
    return parse_url(url).same_origin(parse_url(access_.base_url));
  } catch (const Error&) {
    return false;
  }
}

HttpRequest Server::request(const char* method, const std::string& url, const Call& call) const {
  HttpRequest request{.method = method, .url = url, .bearer = access_.key};
  request.private_allowed = endpoint_.is_private;
  request.timeouts.total = call.deadline;
  return request;
}

HttpResponse Server::send(const HttpRequest& request, Call& call) const {
  return HttpClient::shared().send(request, call.cancel);
}

Ref<JsonNode> Server::get(const std::string& url, Call& call, size_t max_bytes) const {
  HttpRequest order = request("GET", url, call);
  order.max_bytes = max_bytes;
  return read(send(order, call), max_bytes);
}

Ref<JsonNode> Server::create(const std::string& url, const std::string& json, Call& call,
                             std::string* request_id) const {
  HttpRequest order = request("POST", url, call);
  order.content_type = "application/json";
  order.body = adopt(g_bytes_new(json.data(), json.size()));
  return create(std::move(order), call, request_id);
}

Ref<JsonNode> Server::create(const std::string& url, const Multipart& form, Call& call,
                             std::string* request_id) const {
  HttpRequest order = request("POST", url, call);
  order.content_type = form.type();
  order.body = form.body();
  return create(std::move(order), call, request_id);
}

/// Servers that answer with the finished thing say nothing while they make it.
Ref<JsonNode> Server::create(HttpRequest order, Call& call, std::string* request_id) const {
  order.creates = true;
  order.max_bytes = kMaxInlineJsonBytes;
  const auto left = std::chrono::duration_cast<milliseconds>(call.deadline - Clock::now());
  order.timeouts.first_byte = std::max(order.timeouts.first_byte, left);
  try {
    const HttpResponse response = send(order, call);
    const std::string* id = response.header("x-request-id");
    if (request_id && id) *request_id = printable_token(*id, kLongestId, access_.key);
    return read(response, kMaxInlineJsonBytes);
  } catch (Error& error) {
    const bool unread = error.fault == Fault::format && error.http_status == 0;
    if (unread || lost_patience(error.http_status)) error.unclear = true;
    if (error.unclear) error.retry = false;
    throw;
  }
}

Ref<JsonNode> Server::read(const HttpResponse& response, size_t max_bytes) const {
  if (response.status / 100 != 2) throw refusal(response);
  try {
    return parse_json(response.body, max_bytes);
  } catch (const Error&) {
    throw error(Fault::format, "gave an answer that is no JSON",
                "look whether base-url is the root of an OpenAI-style API, such as "
                "http://host:8000/v1");
  }
}

Ref<JsonNode> object_of(const HttpResponse& response, size_t max_bytes) {
  try {
    auto root = parse_json(response.body, max_bytes);
    return JsonView(root.get()).is_object() ? root : Ref<JsonNode>();
  } catch (const Error&) {
    return {};
  }
}

Error Server::refusal(const HttpResponse& response) const {
  return http_error(kName, response, access_.key);
}

Error Server::error(Fault fault, const std::string& message, const std::string& remedy) const {
  Error error(fault, std::string(kName) + " " + message, remedy);
  error.service = kName;
  return error;
}

} // namespace aigc::openai
