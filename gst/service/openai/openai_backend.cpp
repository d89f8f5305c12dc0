// SPDX-License-Identifier: LGPL-2.1-or-later
// See openai_backend.h. Which kind of server gets which call.
#include "service/openai/openai_backend.h"

#include "base/guarded.h"
#include "service/openai/chat.h"
#include "service/openai/localai.h"
#include "service/openai/log.h"
#include "service/openai/model_list.h"
#include "service/openai/models.h"
#include "service/openai/named_models.h"
#include "service/openai/pictures.h"
#include "service/openai/profile.h"
#include "service/openai/sdcpp.h"
#include "service/openai/videos.h"

#include <mutex>
#include <optional>

GST_DEBUG_CATEGORY(aigc_openai_debug);

namespace aigc {

namespace openai {

namespace {

class OpenaiBackend : public Backend {
 public:
  explicit OpenaiBackend(const Access& access)
      : server_(access), chat_({.service = kName, .base_url = access.base_url}, access),
        of_openai_(server_.endpoint().host == origin_of(kOpenaiUrl).host) {}

  const char* name() const override { return kName; }
  /// Two servers may give one name to different models. The driver tells private ones apart.
  std::string edition() const override {
    const Endpoint& endpoint = server_.endpoint();
    return endpoint.is_private ? kName : std::string(kName) + " " + endpoint.host;
  }
  Endpoint endpoint() const override { return server_.endpoint(); }
  std::span<const Model> models() const override { return openai::models(of_openai_); }
  const Model* other_model(Role role, const std::string& name) const override {
    return named_.row(pattern_of(role, name), name);
  }

  std::variant<Result, Task> submit(const Request& request, Call& call) override;
  Poll poll(const Task& task, const Request& request, Call& call) override;
  bool cancel(const Task& task, Call& call) override;
  Found find(const Request& request, const Intent& intent, Call& call) override;
  Secret key_for(const std::string& url) const override {
    return server_.is_own(url) ? server_.access().key : Secret();
  }
  void probe(Call& call) override;

 private:
  Profile profile(Call& call);
  std::string model_of(const Request& request, Call& call);
  void forget();
  std::variant<Result, Task> order(Profile profile, const Request& request, Call& call);

  const Server server_;
  ChatService chat_;
  const bool of_openai_;
  mutable NamedModels named_;
  Guarded<std::optional<Profile>> profile_;
  Guarded<std::string> only_model_;
};

/// Asked once; concurrent first calls may ask twice, which costs nothing.
Profile OpenaiBackend::profile(Call& call) {
  if (const auto known = profile_.snapshot()) return *known;
  const Profile found = find_profile(server_, call);
  *profile_.lock() = found;
  return found;
}

/// As profile().
std::string OpenaiBackend::model_of(const Request& request, Call& call) {
  if (request.model != kOnlyModel) return request.model;
  if (const std::string known = only_model_.snapshot(); !known.empty()) return known;
  const std::string found = only_model(server_, call);
  *only_model_.lock() = found;
  return found;
}

/// A server that refuses may have been started anew, as something else.
void OpenaiBackend::forget() {
  profile_.lock()->reset();
  only_model_.lock()->clear();
}

std::variant<Result, Task> OpenaiBackend::order(Profile profile, const Request& request,
                                                Call& call) {
  if (request.role == Role::picture) return make_picture(server_, profile, request, call);
  if (profile == Profile::localai) return localai::make_clip(server_, request, call);
  return submit_clip(server_, profile, request, call);
}

std::variant<Result, Task> OpenaiBackend::submit(const Request& request, Call& call) {
  const bool media = request.role != Role::words;
  const Profile kind = media ? profile(call) : Profile::automatic;
  if (kind == Profile::sdcpp) return sdcpp::submit(server_, request, call);
  Request named = request;
  named.model = model_of(request, call);
  try {
    auto answer = media ? order(kind, named, call) : chat_.submit(named, call);
    if (auto* result = std::get_if<Result>(&answer)) result->model = named.model;
    return answer;
  } catch (const Error& error) {
    if (!media) throw;
    forget();
    throw with_names(error, server_, named.model, call);
  }
}

Poll OpenaiBackend::poll(const Task& task, const Request& request, Call& call) {
  const Profile kind = profile(call);
  if (kind == Profile::sdcpp) return sdcpp::poll(server_, task, request, call);
  Poll poll = poll_clip(server_, kind, task, request, call);
  if (request.model == kOnlyModel) poll.result.model = only_model_.snapshot();
  return poll;
}

bool OpenaiBackend::cancel(const Task& task, Call& call) {
  try {
    const Profile kind = profile(call);
    if (kind == Profile::sdcpp) return sdcpp::cancel(server_, task, call);
    return cancel_clip(server_, kind, task, call);
  } catch (const Error& error) {
    GST_INFO("task %s was not cancelled: %s", task.id.c_str(), error.what());
    return false;
  }
}

Found OpenaiBackend::find(const Request& request, const Intent& intent, Call& call) {
  if (request.role == Role::words) return {};
  const Profile kind = profile(call);
  if (kind == Profile::sdcpp) return sdcpp::find(server_, request, intent, call);
  if (request.role == Role::picture || kind == Profile::localai) return {};
  return find_clip(server_, request, intent, call);
}

void OpenaiBackend::probe(Call& call) {
  if (list_models(server_, call) || server_.access().profile != Profile::automatic) return;
  find_profile(server_, call);
}

} // namespace

} // namespace openai

std::shared_ptr<Backend> make_openai(const Access& access) {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(aigc_openai_debug, "aigcopenai", 0, "servers of the OpenAI kind");
  });
  return std::make_shared<openai::OpenaiBackend>(access);
}

} // namespace aigc
