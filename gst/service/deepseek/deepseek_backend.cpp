// SPDX-License-Identifier: LGPL-2.1-or-later
// See deepseek_backend.h.
#include "service/deepseek/deepseek_backend.h"

#include "service/http_error.h"
#include "service/openai/chat.h"
#include "service/openai/named_models.h"

#include <array>

namespace aigc {

namespace {

constexpr const char* kName = "deepseek";
constexpr unsigned kAtOnce = 8; ///< far below what an account may, enough to keep painters busy

/// The first is the default.
constexpr std::array<Model, 3> kModels = {{
    {.name = "deepseek-flash",
     .role = Role::words,
     .max_in_flight = kAtOnce,
     .pace = {.group = "flash", .concurrent = 2500}},
    {.name = "deepseek-v4-pro",
     .role = Role::words,
     .max_in_flight = kAtOnce,
     .pace = {.group = "pro", .concurrent = 500}},
    {.name = "deepseek-v4-flash",
     .role = Role::words,
     .max_in_flight = kAtOnce,
     .pace = {.group = "flash", .concurrent = 2500}},
}};

void check_not_retired(const std::string& name) {
  if (name != "deepseek-chat" && name != "deepseek-reasoner") return;
  throw Error(Fault::settings, "the model " + name + " was retired by DeepSeek on 2026-07-24",
              std::string("set model to ") + kModels[0].name + ", or leave it unset");
}

class DeepseekBackend : public Backend {
 public:
  explicit DeepseekBackend(const Access& access)
      : access_(access), endpoint_(endpoint_of(access)), chat_({.service = kName,
                                                                .base_url = access.base_url,
                                                                .switches_thinking = true,
                                                                .has_json_mode = true},
                                                               access) {}

  const char* name() const override { return kName; }
  Endpoint endpoint() const override { return endpoint_; }
  std::span<const Model> models() const override { return kModels; }

  const Model* other_model(Role role, const std::string& name) const override {
    if (role != Role::words) return nullptr;
    check_not_retired(name);
    return named_.row(kModels[0], name);
  }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    return chat_.submit(request, call);
  }

  Poll poll(const Task&, const Request&, Call&) override {
    throw Error(Fault::not_found, "deepseek has no tasks", "");
  }
  bool cancel(const Task&, Call&) override { return false; }

  void probe(Call& call) override {
    HttpRequest request{.url = access_.base_url + "/models", .bearer = access_.key};
    request.private_allowed = endpoint_.is_private;
    request.timeouts.total = call.deadline;
    const HttpResponse response = HttpClient::shared().send(request, call.cancel);
    if (response.status / 100 != 2) throw http_error(kName, response, access_.key);
  }

 private:
  const Access access_;
  const Endpoint endpoint_;
  ChatService chat_;
  mutable NamedModels named_;
};

} // namespace

std::shared_ptr<Backend> make_deepseek(const Access& access) {
  return std::make_shared<DeepseekBackend>(access);
}

} // namespace aigc
