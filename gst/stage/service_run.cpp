// SPDX-License-Identifier: LGPL-2.1-or-later
// See service_run.h.
#include "stage/service_run.h"

#include "service/credentials.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

namespace aigc {

namespace {

BackendQuery query_for(Role role, const StageSettings& settings) {
  BackendQuery query;
  query.role = role;
  query.choice = static_cast<BackendChoice>(settings.backend);
  query.base_url = settings.base_url;
  query.key = Secret(settings.api_key);
  query.profile = static_cast<Profile>(settings.profile);
  query.workflow = settings.workflow;
  query.context = settings.keys;
  query.environment = g_getenv;
  return query;
}

/// The property's limit, else the environment's; 0 = none.
double max_cost(const StageSettings& settings) {
  if (settings.max_cost > 0) return settings.max_cost;
  const char* text = g_getenv("AIGC_MAX_COST");
  if (!text || is_blank(text)) return 0;
  char* end = nullptr;
  const double limit = g_ascii_strtod(text, &end);
  if (end != text && is_blank(end) && std::isfinite(limit) && limit >= 0) return limit;
  throw Error(Fault::settings, std::string("AIGC_MAX_COST is \"") + text + "\"",
              "give a number such as 20, 0 for no limit, or unset it");
}

/// Shots worked on at once where the user says nothing: as many as the fastest of the models that
/// may be asked allows. Throws Error{Fault::settings} when there is none.
unsigned at_once(const Backend& backend, Role role, const std::string& name) {
  unsigned limit = 0;
  std::optional<Error> refusal;
  for (const unsigned inputs : {kWordsOnly, kKeyframe, kReferences}) {
    try {
      limit = std::max(limit, find_model(backend, role, name, inputs).max_in_flight);
    } catch (const Error& error) {
      if (!refusal) refusal = error;
    }
  }
  if (!limit) throw Error(*refusal);
  return limit;
}

/// Also an address that is not found or a wait that was too long says whose it was.
Done ask_service(const Driver& driver, const Request& request, const DriverOptions& options,
                 Cancel& cancel, const std::function<void(int)>& progress) {
  try {
    return driver.run(request, options, cancel, progress);
  } catch (Error& error) {
    if (error.service.empty()) error.service = driver.backend().name();
    throw;
  }
}

} // namespace

GType backend_choice_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(BackendChoice::automatic), "By base-url or key, else preview", "auto"},
        {static_cast<int>(BackendChoice::preview), "Built in: no key, no network", "preview"},
        {static_cast<int>(BackendChoice::deepseek), "DeepSeek", "deepseek"},
        {static_cast<int>(BackendChoice::dashscope), "Alibaba Cloud Model Studio", "dashscope"},
        {static_cast<int>(BackendChoice::openai), "Any OpenAI-style server", "openai"},
        {static_cast<int>(BackendChoice::comfyui), "ComfyUI, by a workflow of yours", "comfyui"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAigcBackend", values);
  }();
  return type;
}

GType profile_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<int>(Profile::automatic), "Found by asking the server", "auto"},
        {static_cast<int>(Profile::openai), "OpenAI's own API", "openai"},
        {static_cast<int>(Profile::vllm_omni), "vLLM-Omni", "vllm-omni"},
        {static_cast<int>(Profile::sglang), "SGLang-diffusion", "sglang"},
        {static_cast<int>(Profile::localai), "LocalAI", "localai"},
        {static_cast<int>(Profile::sdcpp), "stable-diffusion.cpp", "sdcpp"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAigcProfile", values);
  }();
  return type;
}

unsigned inputs_of(const Request& request) {
  unsigned inputs = 0;
  if (request.keyframe) inputs |= kKeyframe;
  if (!request.references.empty()) inputs |= kReferences;
  if (!inputs) inputs = kWordsOnly;
  if (request.last_frame) inputs |= kLastFrame;
  return inputs;
}

ServiceRun::Chosen ServiceRun::find(Role role, const StageSettings& settings) {
  const BackendQuery query = query_for(role, settings);
  const BackendChoice choice = resolve_backend(query);
  Credentials credentials = find_access(choice, query);
  return {make_backend(choice, credentials.access), std::move(credentials.warning)};
}

bool ServiceRun::wants_key(Role role, const StageSettings& settings) {
  return aigc::wants_key(query_for(role, settings));
}

ServiceRun::ServiceRun(Role role, const StageSettings& settings)
    : ServiceRun(role, settings, find(role, settings)) {}

ServiceRun::ServiceRun(Role role, const StageSettings& settings, Chosen chosen)
    : role_(role), model_(settings.model), warning_(std::move(chosen.warning)),
      store_(settings.cache_dir), driver_(std::move(chosen.backend), store_),
      max_in_flight_(settings.max_in_flight ? settings.max_in_flight
                                            : at_once(driver_.backend(), role, settings.model)) {
  max_cost(settings);
}

const Model& ServiceRun::model(unsigned inputs, double seconds) const {
  return find_model(driver_.backend(), role_, model_, inputs, seconds);
}

void ServiceRun::check_arrivals(const Arrivals& arrivals, unsigned also, double seconds,
                                const Check& check) const {
  std::optional<Error> refusal;
  for (const auto& [comes, inputs] :
       {std::pair{arrivals.pictures, kKeyframe}, std::pair{arrivals.words, kWordsOnly},
        std::pair{arrivals.references, kReferences}}) {
    if (!comes) continue;
    try {
      return check(model(inputs | also, seconds));
    } catch (const Error& error) {
      if (!refusal) refusal = error;
    }
  }
  if (refusal) throw Error(*refusal);
}

std::string ServiceRun::notice() const {
  if (driver_.backend().is_preview())
    return std::string("this is a preview: ") + find_model(driver_.backend(), role_, model_).name +
           " is built in and stands in for a real model";
  static std::once_flag once; // a process has one environment and one command line
  std::string first;
  if (!warning_.empty()) std::call_once(once, [&] { first = warning_; });
  return first;
}

Product ServiceRun::work(Job job, Cancel& cancel, const Progress& progress) {
  if (auto passed = pass(job)) return std::move(*passed);
  return work_with(driver_, model_, std::move(job), cancel, progress);
}

Product ServiceRun::fallback(Job job, Cancel& cancel) {
  const Driver preview(make_backend(BackendChoice::preview), store_);
  return work_with(preview, "", std::move(job), cancel, [](int) {});
}

Product ServiceRun::work_with(const Driver& driver, const std::string& name, Job job,
                              Cancel& cancel, const Progress& progress) {
  const StageSettings now = settings();
  if (job.shot.seed < 0) job.shot.seed = now.seed;
  if (job.shot.take == 0) job.shot.take = now.take;
  Request request;
  request.role = role_;
  request.script = job.shot.script;
  request.words = job.shot.words();
  request.style = job.shot.style;
  request.mood = job.shot.mood;
  request.seed = job.shot.seed;
  request.take = job.shot.take;
  gather(job, request, cancel);
  const Model& model =
      find_model(driver.backend(), role_, name, inputs_of(request), request.seconds);
  request.model = model.name;
  ask(job, model, request);

  DriverOptions options;
  options.timeout = std::chrono::milliseconds(now.timeout);
  options.poll_interval = std::chrono::milliseconds(now.poll_interval);
  options.max_retries = now.max_retries;
  options.use_cache = now.use_cache;
  options.max_cost = max_cost(now);
  options.cancel_tasks = now.cancel_pending;
  Done done = ask_service(driver, request, options, cancel, progress);
  const unsigned requests = done.requests;
  Provenance provenance = done.provenance;
  Product product = give(std::move(job), std::move(done), cancel);
  product.requests = requests;
  product.provenance = std::move(provenance);
  return product;
}

} // namespace aigc
