// SPDX-License-Identifier: LGPL-2.1-or-later
// A server of the OpenAI kind that answers as a test says, route by route, and a backend for it.
#pragma once

#include "../tiny_server.h"
#include "base/error.h"
#include "base/json.h"
#include "media/picture.h"
#include "service/inline_media.h"
#include "service/openai/openai_backend.h"

#include <deque>
#include <gtest/gtest.h>
#include <map>

namespace openai_rig {

using namespace aigc;
using namespace std::chrono_literals;

using Reply = TinyServer::Reply;

inline constexpr const char* kSglangModels =
    R"({"object":"list","data":[{"id":"m","object":"model","owned_by":"sglang"}]})";
inline constexpr const char* kVllmModels =
    R"({"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]})";

inline Ref<GBytes> picture(int width, int height, const char* mime = "image/png") {
  Cancel cancel;
  const Raster raster{width, height, std::vector<std::uint8_t>(size_t(4) * width * height, 120)};
  return encode_picture(raster, mime, cancel);
}

/// What `call` throws.
template <typename Call> Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Fault::cancelled, "nothing was thrown"};
}

/// Answers by "METHOD /path": each reply once, the last one for ever; 404 elsewhere.
class RouteServer {
 public:
  void on(const std::string& route, std::deque<Reply> replies) {
    (*routes_.lock())[route] = std::move(replies);
  }
  void on(const std::string& route, const std::string& body) { on(route, {Reply{200, body}}); }
  std::string url() const { return server_.url(); }
  std::vector<TinyServer::Call> calls() const { return server_.calls(); }

  static std::string route_of(const TinyServer::Call& call) {
    const std::string line = call.head.substr(0, call.head.find(" HTTP/"));
    return line.substr(0, line.find('?'));
  }
  /// Those to one route.
  std::vector<TinyServer::Call> calls(const std::string& route) const {
    std::vector<TinyServer::Call> found;
    for (const auto& call : calls())
      if (route_of(call) == route) found.push_back(call);
    return found;
  }

 private:
  Reply answer(const TinyServer::Call& call) {
    auto routes = routes_.lock();
    const auto found = routes->find(route_of(call));
    if (found == routes->end()) return {404, R"({"detail":"Not Found"})"};
    const Reply reply = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return reply;
  }

  Guarded<std::map<std::string, std::deque<Reply>>> routes_;
  TinyServer server_{[this](const TinyServer::Call& call) { return answer(call); }};
};

class OpenaiRig : public testing::Test {
 protected:
  /// A backend of that profile.
  void begin(Profile profile, const char* key = "canary-key") {
    Access access{server.url() + "/v1", Secret(key)};
    access.profile = profile;
    backend = make_openai(access);
  }
  Call call() {
    return {cancel, std::chrono::steady_clock::now() + 20s, [](int) {}, {}, "an-order", {}};
  }
  Result picture_of(const Request& request) {
    Call now = call();
    return std::get<Result>(backend->submit(request, now));
  }
  Task task_of(const Request& request) {
    Call now = call();
    return std::get<Task>(backend->submit(request, now));
  }
  Poll poll(const Task& task, const Request& request) {
    Call now = call();
    return backend->poll(task, request, now);
  }
  /// The body of the last call to `route`, as JSON.
  Ref<JsonNode> body_of(const std::string& route) {
    const auto calls = server.calls(route);
    if (calls.empty()) throw std::runtime_error("nobody asked " + route);
    return parse_json(calls.back().body);
  }

  RouteServer server;
  std::shared_ptr<Backend> backend;
  Cancel cancel;
};

/// The value of a field of a form, or "(none)".
inline std::string form_field(const std::string& form, const std::string& name) {
  const std::string mark = "name=\"" + name + "\"\r\n\r\n";
  const size_t at = form.find(mark);
  if (at == std::string::npos) return "(none)";
  return form.substr(at + mark.size(), form.find("\r\n--", at) - at - mark.size());
}

inline bool has_file(const std::string& form, const std::string& name, const std::string& mime) {
  const size_t at = form.find("name=\"" + name + "\"; filename=\"");
  return at != std::string::npos &&
         form.find("Content-Type: " + mime, at) < form.find("\r\n\r\n", at);
}

} // namespace openai_rig
