// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP side of an OpenAI-style server: addresses, headers, refusals.
#pragma once

#include "base/json.h"
#include "net/http.h"
#include "net/multipart.h"
#include "service/access.h"

#include <string>

namespace aigc::openai {

inline constexpr const char* kName = "openai"; ///< of the backend, for errors

/// Thread-safe. Calls throw Error as HttpClient::send() does, and http_error() for each refusal;
/// what is no JSON is Error{Fault::format}, `unclear` behind a create, as is what a gateway says
/// that lost patience with the server.
class Server {
 public:
  explicit Server(const Access& access);

  const Endpoint& endpoint() const { return endpoint_; }
  const Access& access() const { return access_; }

  /// Behind the base URL: api("/videos").
  std::string api(const std::string& path) const { return access_.base_url + path; }
  /// Behind the server's root, which is the base URL without its "/v1": at("/sdcpp/v1/jobs/x").
  std::string at(const std::string& path) const;
  /// What an answer names, relative or not. Throws Error{Fault::format} for what is no address.
  std::string resolve(const std::string& location) const;
  /// Whether `url` is of this server's own origin, which may see the key.
  bool is_own(const std::string& url) const;

  HttpRequest request(const char* method, const std::string& url, const Call& call) const;

  /// Any status is an answer.
  HttpResponse send(const HttpRequest& request, Call& call) const;
  /// A call that makes and costs nothing.
  Ref<JsonNode> get(const std::string& url, Call& call, size_t max_bytes = kMaxJsonBytes) const;
  /// A create; it may take as long as the call has, and the answer may hold a picture or a clip.
  /// `request_id` is set to what the server calls it, where it says so in a header.
  Ref<JsonNode> create(const std::string& url, const std::string& json, Call& call,
                       std::string* request_id = nullptr) const;
  Ref<JsonNode> create(const std::string& url, const Multipart& form, Call& call,
                       std::string* request_id = nullptr) const;

  Error refusal(const HttpResponse& response) const;
  /// An Error of this service.
  Error error(Fault fault, const std::string& message, const std::string& remedy) const;

 private:
  Ref<JsonNode> create(HttpRequest request, Call& call, std::string* request_id) const;
  Ref<JsonNode> read(const HttpResponse& response, size_t max_bytes) const;

  const Access access_;
  const Endpoint endpoint_;
};

/// The object of an answer, or null for a page of HTML and the like.
Ref<JsonNode> object_of(const HttpResponse& response, size_t max_bytes = kMaxJsonBytes);

} // namespace aigc::openai
