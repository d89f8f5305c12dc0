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
#include "service/openai/tasks.h"
#include "service/openai/videos.h"

#include <mutex>
#include <optional>

GST_DEBUG_CATEGORY(aigc_openai_debug);

namespace aigc {

namespace openai {

namespace {

/// What a server told of itself. A stale one holds for what was begun with it, but not for a new
/// order: the server may have been started anew, as something else.
template <typename T> struct Learnt {
  std::optional<T> value;
  bool stale = false;
};

Owner owner_of(const Endpoint& endpoint) {
  if (endpoint.host == origin_of(kOpenaiUrl).host) return Owner::openai;
  return endpoint.is_private ? Owner::user : Owner::stranger;
}

class OpenaiBackend : public Backend {
 public:
  explicit OpenaiBackend(const Access& access)
      : server_(access), chat_({.service = kName, .base_url = access.base_url}, access),
        owner_(owner_of(server_.endpoint())) {}

  const char* name() const override { return kName; }
  /// Two servers may give one name to different models. The driver tells private ones apart.
  std::string edition() const override {
    const Endpoint& endpoint = server_.endpoint();
    return endpoint.is_private ? kName : std::string(kName) + " " + endpoint.host;
  }
  Endpoint endpoint() const override { return server_.endpoint(); }
  std::span<const Model> models() const override { return openai::models(owner_); }
  const Model* other_model(Role role, const std::string& name) const override {
    return named_.row(pattern_of(owner_, role, name), name);
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
  Profile profile_of_task(Call& call);
  std::string model_of(const Request& request, Call& call);
  void doubt();
  std::variant<Result, Task> order(Profile profile, const Request& request, Call& call);

  const Server server_;
  ChatService chat_;
  const Owner owner_;
  mutable NamedModels named_;
  Guarded<Learnt<Profile>> profile_;
  Guarded<Learnt<std::string>> only_model_;
  Misses misses_;
};

/// Asked once; concurrent first calls may ask twice, which costs nothing. A server that was there
/// before may be starting again.
template <typename T, typename Ask> T learn(Guarded<Learnt<T>>& place, Ask ask) {
  const Learnt<T> known = place.snapshot();
  if (known.value && !known.stale) return *known.value;
  try {
    const T found = ask();
    *place.lock() = {found, false};
    return found;
  } catch (Error& error) {
    if (known.value && error.fault == Fault::settings) error.retry = true;
    throw;
  }
}

Profile OpenaiBackend::profile(Call& call) {
  return learn(profile_, [&] { return find_profile(server_, call); });
}

/// The one that made it, as far as that is known.
Profile OpenaiBackend::profile_of_task(Call& call) {
  const auto known = profile_.snapshot().value;
  return known ? *known : profile(call);
}

std::string OpenaiBackend::model_of(const Request& request, Call& call) {
  if (request.model != kOnlyModel) return request.model;
  return learn(only_model_, [&] { return only_model(server_, call); });
}

/// After a refusal.
void OpenaiBackend::doubt() {
  profile_.lock()->stale = true;
  only_model_.lock()->stale = true;
}

std::variant<Result, Task> OpenaiBackend::order(Profile profile, const Request& request,
                                                Call& call) {
  if (profile == Profile::sdcpp) return sdcpp::submit(server_, request, call);
  if (request.role == Role::picture) return make_picture(server_, profile, request, call);
  if (profile == Profile::localai) return localai::make_clip(server_, request, call);
  return submit_clip(server_, profile, request, call);
}

std::variant<Result, Task> OpenaiBackend::submit(const Request& request, Call& call) {
  const bool media = request.role != Role::words;
  const Profile kind = media ? profile(call) : Profile::automatic;
  const bool is_told = kind != Profile::sdcpp; // which has one model, whatever it is called
  Request named = request;
  named.model = is_told ? model_of(request, call) : kOnlyModel;
  try {
    auto answer = media ? order(kind, named, call) : chat_.submit(named, call);
    auto* result = std::get_if<Result>(&answer);
    if (result && is_told) result->model = named.model;
    return answer;
  } catch (const Error& error) {
    if (!media) throw;
    doubt();
    throw with_names(error, server_, named.model, call);
  }
}

Poll OpenaiBackend::poll(const Task& task, const Request& request, Call& call) {
  const Profile kind = profile_of_task(call);
  try {
    Poll poll = kind == Profile::sdcpp ? sdcpp::poll(server_, task, request, call)
                                       : poll_clip(server_, kind, task, request, call);
    misses_.clear(task);
    if (request.model == kOnlyModel && kind != Profile::sdcpp)
      poll.result.model = only_model_.snapshot().value.value_or("");
    return poll;
  } catch (const Error& error) {
    if (error.ended && error.http_status == 404) throw misses_.add(error, task);
    throw;
  }
}

bool OpenaiBackend::cancel(const Task& task, Call& call) {
  try {
    const Profile kind = profile_of_task(call);
    if (kind == Profile::sdcpp) return sdcpp::cancel(server_, task, call);
    return cancel_clip(server_, kind, task, call);
  } catch (const Error& error) {
    GST_INFO("task %s was not cancelled: %s", task.id.c_str(), error.what());
    return false;
  }
}

Found OpenaiBackend::find(const Request& request, const Intent& intent, Call& call) {
  if (request.role == Role::words) return {};
  const Profile kind = profile_of_task(call);
  if (kind == Profile::sdcpp) return sdcpp::find(server_, request, intent, call);
  if (request.role == Role::picture || kind == Profile::localai) return {};
  return find_clip(server_, request, intent, call);
}

void OpenaiBackend::probe(Call& call) {
  find_life(server_, call);
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
