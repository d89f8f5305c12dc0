// SPDX-License-Identifier: LGPL-2.1-or-later
// See comfyui.h.
#include "service/comfyui/comfyui.h"

#include "service/comfyui/answers.h"
#include "service/comfyui/events.h"
#include "service/http_error.h"
#include "service/wording.h"

#include <vector>

namespace aigc {

namespace {

using namespace comfyui;

/// What is asked for where nobody says otherwise; the workflow decides what it really makes.
constexpr Model kPicture = {.role = Role::picture,
                            .default_size = {1328, 1328},
                            .min_side = 64,
                            .max_side = 8192,
                            .side_step = 16,
                            .max_in_flight = 2, // one is made while the other comes and goes
                            .picture_mime = "image/png"};
constexpr Model kClip = {.role = Role::clip,
                         .default_size = {832, 480},
                         .min_side = 64,
                         .max_side = 8192,
                         .side_step = 16,
                         .max_seconds = 60};
/// Numbers that a double holds exactly, as JSON may be read.
constexpr gint64 kSeeds = gint64{1} << 53;

/// ComfyUI takes the seed it is given and has no own choice. A random one follows from the prompt's
/// id, so that whoever asks for the result later knows it, too.
gint64 seed_of(const Request& request, const std::string& prompt) {
  if (request.seed >= 0) return (request.seed + request.take * kTakeStride) % kSeeds;
  const std::string digest =
      take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, prompt.c_str(), -1));
  return g_ascii_strtoll(digest.substr(0, 13).c_str(), nullptr, 16);
}

class ComfyuiBackend : public Backend {
 public:
  ComfyuiBackend(const Access& access, Workflow workflow)
      : workflow_(std::move(workflow)), client_(access),
        events_({.url = client_.api("/ws"),
                 .bearer = access.key,
                 .private_allowed = client_.endpoint().is_private},
                workflow_.weights()) {
    for (Model model : {kPicture, kClip}) {
      if (workflow_.role().value_or(model.role) != model.role) continue;
      model.name = workflow_.name().c_str();
      model.inputs = workflow_.inputs();
      models_.push_back(model);
    }
  }

  const char* name() const override { return kName; }
  /// Another workflow is another result. The driver tells private servers apart.
  std::string edition() const override {
    const Endpoint& endpoint = client_.endpoint();
    return std::string(kName) + (endpoint.is_private ? "" : " " + endpoint.host) + " " +
           workflow_.digest();
  }
  Endpoint endpoint() const override { return client_.endpoint(); }
  std::span<const Model> models() const override { return models_; }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    events_.open();
    const std::string body = body_of(values_of(request, call), call.id);
    events_.expect(call.id);
    try {
      accept(client_.queue(body, call), call);
    } catch (const Error&) {
      events_.forget(call.id);
      throw;
    }
    return Task{call.id};
  }

  Poll poll(const Task& task, const Request& request, Call& call) override {
    try {
      Poll seen = look(task, request, call);
      if (seen.state == Poll::State::done) events_.forget(task.id);
      return seen;
    } catch (const Error& error) {
      if (!error.retry) events_.forget(task.id);
      throw;
    }
  }

  bool cancel(const Task& task, Call& call) override { return client_.withdraw(task.id, call); }

  void linger(const Task& task, std::chrono::nanoseconds duration, Call& call) override {
    events_.linger(task.id, duration, call);
  }

  /// ComfyUI has no keys, but a proxy in front of it may.
  Secret key_for(const std::string& url) const override {
    return url.starts_with(client_.api("/view?")) ? client_.key() : Secret();
  }

  void probe(Call& call) override { client_.probe(call); }

  /// Its id is the call's.
  Found find(const Request&, const Intent& intent, Call& call) override {
    bool there = client_.history(intent.call, call).get();
    if (!there) {
      const Place place = client_.place(intent.call, call);
      if (place == Place::unknown) return {};
      there = place != Place::nowhere || client_.history(intent.call, call);
    }
    if (!there) return {Found::Answer::none, {}};
    return {Found::Answer::task, {intent.call}};
  }

 private:
  Poll look(const Task& task, const Request& request, Call& call) {
    auto history = client_.history(task.id, call);
    if (!history) {
      const Place place = where(task.id, call);
      if (place == Place::running) return {Poll::State::running, -1, {}};
      if (place != Place::nowhere) return {Poll::State::pending, -1, {}};
      history = client_.history(task.id, call); // it may have ended between the two questions
    }
    if (!history) throw lost_prompt();
    const Stored file = result_of(history.get(), workflow_, request.role);
    Result result;
    result.url = client_.address_of(file);
    result.request_id = task.id;
    if (workflow_.has(Slot::seed)) result.seed = seed_of(request, task.id);
    return {Poll::State::done, 100, std::move(result)};
  }

  /// The queue may be large: it is not asked for at every look.
  Place where(const std::string& prompt, Call& call) {
    if (const auto known = events_.place(prompt)) return *known;
    const Place place = client_.place(prompt, call);
    if (place != Place::nowhere) events_.saw(prompt, place);
    return place;
  }

  Values values_of(const Request& request, Call& call) const {
    if (workflow_.has(Slot::last_image) && !request.last_frame)
      throw error(Fault::settings,
                  "cannot run " + workflow_.name() + ": its slot {last-image} stays empty",
                  "set last-frame, or use a workflow without {last-image}");
    Values values;
    values.prompt = prompt_of(request);
    values.negative = request.negative;
    values.seed = seed_of(request, call.id);
    values.size = request.size;
    values.seconds = request.seconds;
    if (workflow_.has(Slot::frames)) values.frames = workflow_.frames(request.seconds);
    if (workflow_.has(Slot::image)) values.image = client_.upload(request.keyframe.get(), call);
    if (workflow_.has(Slot::last_image))
      values.last_image = client_.upload(request.last_frame.get(), call);
    return values;
  }

  std::string body_of(const Values& values, const std::string& prompt) const {
    const auto body = adopt(json_object_new());
    json_object_set_member(body.get(), "prompt", workflow_.fill(values).leak());
    json_object_set_string_member(body.get(), "client_id", events_.client_id().c_str());
    json_object_set_string_member(body.get(), "prompt_id", prompt.c_str());
    const auto root = adopt(json_node_new(JSON_NODE_OBJECT));
    json_node_set_object(root.get(), body.get());
    return json_text(root.get());
  }

  /// Throws unless the server works on the call's prompt, and on all of it.
  void accept(const HttpResponse& response, Call& call) const {
    if (response.status == 409) return; // an answer that was lost told us before
    Ref<JsonNode> root;
    if (response.status != 400) root = read_created(response);
    if (!root) {
      try {
        root = parse_json(response.body);
      } catch (const Error&) {
        throw http_error(kName, response, client_.key());
      }
      throw refused_workflow(root.get(), workflow_);
    }
    const JsonView answer(root.get());
    const std::string id = answer["prompt_id"].text();
    if (id.empty()) {
      Error nameless = error(Fault::format, "did not say under which id it took a workflow",
                             "update ComfyUI, or look into its log");
      nameless.unclear = true;
      throw nameless;
    }
    const bool renamed = id != call.id;
    if (!renamed && !has_node_errors(answer)) return;
    try {
      client_.withdraw(id, call);
    } catch (const Error& failure) {
      if (failure.fault == Fault::cancelled) throw; // else it runs on for nothing
    }
    if (has_node_errors(answer)) throw refused_workflow(answer, workflow_);
    throw error(Fault::settings, "gives prompts ids of its own, so that none can be found again",
                "update ComfyUI");
  }

  /// What is no JSON may come from a proxy that lost the answer on its way, and a server that broke
  /// may have taken the prompt before: its id must not be used twice.
  Ref<JsonNode> read_created(const HttpResponse& response) const {
    try {
      return client_.read(response);
    } catch (Error& error) {
      if (response.status / 100 == 2 || response.status / 100 == 5) {
        error.unclear = true;
        error.retry = false;
      }
      throw;
    }
  }

  const Workflow workflow_;
  const Client client_;
  Events events_;
  std::vector<Model> models_;
};

} // namespace

std::shared_ptr<Backend> make_comfyui(const Access& access) {
  Workflow workflow = Workflow::read(access.workflow);
  if (access.role) workflow.check_makes(*access.role);
  return std::make_shared<ComfyuiBackend>(access, std::move(workflow));
}

} // namespace aigc
