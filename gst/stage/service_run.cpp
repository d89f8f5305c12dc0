// SPDX-License-Identifier: LGPL-2.1-or-later
// See service_run.h.
#include "stage/service_run.h"

#include "media/picture.h"
#include "service/credentials.h"
#include "stage/shot_brand.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

namespace aigc {

namespace {

/// What holds for the first service and those in its place.
BackendQuery common_query(Role role, const StageSettings& settings) {
  BackendQuery query;
  query.role = role;
  query.context = settings.keys;
  query.environment = g_getenv;
  return query;
}

BackendQuery query_for(Role role, const StageSettings& settings) {
  BackendQuery query = common_query(role, settings);
  query.choice = static_cast<BackendChoice>(settings.backend);
  query.base_url = settings.base_url;
  query.key = Secret(settings.api_key);
  query.profile = static_cast<Profile>(settings.profile);
  query.workflow = settings.workflow;
  return query;
}

/// The property's limit, else the environment's; 0 = none.
double limit_of(double property, const std::string& variable) {
  if (property > 0) return property;
  const char* text = g_getenv(variable.c_str());
  if (!text || is_blank(text)) return 0;
  char* end = nullptr;
  const double limit = g_ascii_strtod(text, &end);
  if (end != text && is_blank(end) && std::isfinite(limit) && limit >= 0) return limit;
  throw Error(Fault::settings, variable + " is \"" + text + "\"",
              "give a number such as 20, 0 for no limit, or unset it");
}

SpendLimits max_cost(const StageSettings& settings) {
  return {limit_of(settings.max_cost, "AIGC_MAX_COST"),
          limit_of(settings.max_cost_hour, "AIGC_MAX_COST_HOUR")};
}

/// Shots worked on at once where the user says nothing: as many as the fastest of the models that
/// may be asked allows. Throws Error{Fault::settings} when there is none.
unsigned shots_at_once(const Driver& driver, Role role, const std::string& name) {
  unsigned limit = 0;
  std::optional<Error> refusal;
  for (const unsigned inputs : {kWordsOnly, kKeyframe, kReferences}) {
    try {
      limit = std::max(limit, driver.at_once(find_model(driver.backend(), role, name, inputs)));
    } catch (const Error& error) {
      if (!refusal) refusal = error;
    }
  }
  if (!limit) throw Error(*refusal);
  return limit;
}

BackendQuery query_for(Role role, const StageSettings& settings, const Fallback& fallback) {
  BackendQuery query = common_query(role, settings);
  query.choice = fallback.choice;
  query.base_url = fallback.base_url;
  query.profile = fallback.profile;
  query.workflow = fallback.workflow;
  query.is_fallback = true;
  query.key_file = fallback.key_file;
  return query;
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

ServiceRun::Cast ServiceRun::find(Role role, const StageSettings& settings) {
  const ResultStore store(settings.cache_dir);
  Cast cast;
  const auto add = [&](BackendChoice choice, const BackendQuery& query, const std::string& model) {
    Credentials found = find_access(choice, query);
    cast.candidates.push_back(
        {Driver(make_backend(choice, found.access), store), model, aigc::stage_name(role)});
    if (cast.warning.empty()) cast.warning = std::move(found.warning);
  };
  cast.fallbacks = parse_fallbacks(settings.fallback_backends, profile_type());
  const BackendQuery query = query_for(role, settings);
  const BackendChoice choice = resolve_backend(query);
  if (choice == BackendChoice::preview && !cast.fallbacks.empty())
    throw Error(Fault::settings, "fallback-backends is set, but no first service",
                "set backend, or the key of the service that is to be asked first");
  add(choice, query, settings.model);
  for (const Fallback& fallback : cast.fallbacks) {
    try {
      const BackendQuery other = query_for(role, settings, fallback);
      add(fallback.choice, other, fallback.model);
      shots_at_once(cast.candidates.back().driver, role, fallback.model);
    } catch (const Error& error) {
      throw error_of(fallback, error);
    }
  }
  return cast;
}

bool ServiceRun::wants_key(Role role, const StageSettings& settings) {
  bool wanted = aigc::wants_key(query_for(role, settings));
  for (const Fallback& fallback : parse_fallbacks(settings.fallback_backends, profile_type()))
    wanted = wanted || aigc::wants_key(query_for(role, settings, fallback));
  return wanted;
}

ServiceRun::ServiceRun(Role role, const StageSettings& settings)
    : ServiceRun(role, settings, find(role, settings)) {}

ServiceRun::ServiceRun(Role role, const StageSettings& settings, Cast cast)
    : role_(role), warning_(std::move(cast.warning)), store_(settings.cache_dir),
      fallbacks_(std::move(cast.fallbacks)), services_(std::move(cast.candidates)),
      max_in_flight_(settings.max_in_flight
                         ? settings.max_in_flight
                         : shots_at_once(services_.first().driver, role, settings.model)) {
  max_cost(settings);
}

/// Models may differ in their limits: the one that takes most of them counts, as at the start.
unsigned ServiceRun::at_once() const {
  const Candidate& first = services_.first();
  unsigned most = 0;
  for (const unsigned inputs : {kWordsOnly, kKeyframe, kReferences}) {
    try {
      const Model& model = find_model(first.driver.backend(), role_, first.model, inputs);
      const unsigned now = first.driver.concurrent_now(model);
      most = std::max(most, now ? now : max_in_flight_);
    } catch (const Error&) {
      // no model of the role takes these
    }
  }
  return std::min(most, max_in_flight_);
}

const Model& ServiceRun::model(unsigned inputs, double seconds) const {
  const Candidate& first = services_.first();
  return find_model(first.driver.backend(), role_, first.model, inputs, seconds);
}

void ServiceRun::check_arrivals(const Arrivals& arrivals, unsigned also, double seconds,
                                const Check& check) const {
  check_candidate(services_.first(), arrivals, also, seconds, check);
  for (size_t i = 0; i < fallbacks_.size(); ++i) {
    try {
      check_candidate(services_.candidates()[i + 1], arrivals, also, seconds, check);
    } catch (const Error& error) {
      throw error_of(fallbacks_[i], error);
    }
  }
}

void ServiceRun::check_candidate(const Candidate& candidate, const Arrivals& arrivals,
                                 unsigned also, double seconds, const Check& check) const {
  std::optional<Error> refusal;
  for (const auto& [comes, inputs] :
       {std::pair{arrivals.pictures, kKeyframe}, std::pair{arrivals.words, kWordsOnly},
        std::pair{arrivals.references, kReferences}}) {
    if (!comes) continue;
    try {
      return check(
          find_model(candidate.driver.backend(), role_, candidate.model, inputs | also, seconds));
    } catch (const Error& error) {
      if (!refusal) refusal = error;
    }
  }
  if (refusal) throw Error(*refusal);
}

std::string ServiceRun::notice() const {
  const Candidate& lead = services_.first();
  if (lead.driver.backend().is_preview())
    return std::string("this is a preview: ") +
           find_model(lead.driver.backend(), role_, lead.model).name +
           " is built in and stands in for a real model";
  static std::once_flag once; // a process has one environment and one command line
  std::string first;
  if (!warning_.empty()) std::call_once(once, [&] { first = warning_; });
  return first;
}

Product ServiceRun::work(Job job, Cancel& cancel, const Progress& progress) {
  take_brand(job);
  if (auto passed = pass(job)) return std::move(*passed);
  return work_with(services_, std::move(job), cancel, progress);
}

Product ServiceRun::fallback(Job job, Cancel& cancel) {
  take_brand(job);
  const Failover preview({{Driver(make_backend(BackendChoice::preview), store_), ""}});
  return work_with(preview, std::move(job), cancel, {});
}

/// A writer is told of the brand beside the user's own words; its answer gets the brand's words.
void ServiceRun::take_brand(Job& job) const {
  if (job.shot.brand.empty()) job.shot.brand = house_brand();
  job.brand = brand_of(job.shot);
  if (!job.brand) return;
  take_own(job.shot);
  if (job.shot.seed < 0) job.shot.seed = settings().seed;
  if (role_ == Role::words)
    apply_brand_defaults(*job.brand, job.shot);
  else
    apply_brand(*job.brand, job.shot);
}

DriverOptions ServiceRun::options_for(const StageSettings& settings,
                                      const Progress& progress) const {
  DriverOptions options;
  options.timeout = std::chrono::milliseconds(settings.timeout);
  options.poll_interval = std::chrono::milliseconds(settings.poll_interval);
  options.max_retries = settings.max_retries;
  options.use_cache = settings.use_cache;
  options.max_cost = max_cost(settings);
  options.cancel_tasks = settings.cancel_pending;
  options.preview = progress.preview;
  options.max_cost_now = [this] { return max_cost(this->settings()); };
  options.news = progress.news;
  options.when_out = [this, live = progress.live] { return when_out(live()); };
  return options;
}

/// A film ends as its user says. What a channel leaves out is the shot that is at fault itself.
WhenOut ServiceRun::when_out(bool is_live) const {
  if (!is_live) return WhenOut::fail;
  const bool stands_in = static_cast<OnError>(settings().on_error) == OnError::fallback;
  return stands_in ? WhenOut::pass : WhenOut::wait;
}

/// Words go on as they are, a picture is white in the shape of the one that would be ordered.
Product ServiceRun::plan(const Failover& services, const Failover::Ask& ask,
                         const std::vector<Job>& jobs, Cancel& cancel) {
  const DriverOptions options = options_for(settings(), {});
  const Job& first = jobs.front();
  const auto found =
      services.plan(ask, options, !first.shot.planned() && !first.before.is_planned, cancel);
  const Driver& driver = services.candidates()[found.by].driver;
  const Job& job = jobs[found.by];
  if (found.begun == Begun::done) {
    if (auto done = driver.recall(found.request, cancel)) {
      Provenance provenance = done->provenance;
      Product product = give(job, std::move(*done), cancel);
      product.provenance = std::move(provenance);
      return product;
    }
  }
  Planned planned;
  planned.provenance.stage = aigc::stage_name(role_);
  planned.provenance.service = driver.backend().name();
  planned.provenance.model = found.request.model;
  planned.provenance.preview = driver.backend().is_preview();
  planned.provenance.planned = true;
  planned.key = driver.key_of(found.request);
  planned.expected = driver.expect(found.request);
  planned.chain = job.chain;
  planned.is_open = found.begun == Begun::open || found.begun == Begun::elsewhere;
  Product product;
  product.shot = job.shot;
  if (role_ != Role::clip) {
    Done none;
    if (role_ == Role::picture)
      none.result.picture =
          blank_picture(found.request.size.width, found.request.size.height, cancel);
    product = give(job, std::move(none), cancel);
  }
  product.link.is_planned = true;
  product.shot.provenance.push_back(planned.provenance);
  product.planned = std::move(planned);
  return product;
}

Product ServiceRun::work_with(const Failover& services, Job job, Cancel& cancel,
                              const Progress& progress) {
  const StageSettings now = settings();
  if (job.shot.seed < 0) job.shot.seed = now.seed;
  if (job.shot.take == 0) job.shot.take = now.take;
  Request order;
  order.role = role_;
  order.script = job.shot.script;
  order.words = job.shot.words();
  order.style = job.shot.style;
  order.mood = job.shot.mood;
  order.seed = job.shot.seed;
  order.take = job.shot.take;
  gather(job, order, cancel, progress);
  // What a service is asked for is written into the shot, so each has one of its own.
  std::vector<Job> jobs(services.candidates().size(), job);
  const auto ask_one = [&](size_t number) {
    const Candidate& candidate = services.candidates()[number];
    Request request = order;
    const Model& model = find_model(candidate.driver.backend(), role_, candidate.model,
                                    inputs_of(request), request.seconds);
    request.model = model.name;
    ask(jobs[number], model, request);
    if (job.brand) tell_brand(*job.brand, candidate.driver.backend().is_preview(), request);
    return request;
  };
  if (now.dry_run) return plan(services, ask_one, jobs, cancel);
  auto made =
      services.make(ask_one, options_for(now, progress), cancel, progress.percent, progress.warn);
  const unsigned requests = made.done.requests;
  const auto rested = made.done.rested;
  Provenance provenance = made.done.provenance;
  Product product = give(std::move(jobs[made.by]), std::move(made.done), cancel);
  product.requests = requests;
  product.rested = rested;
  product.provenance = std::move(provenance);
  return product;
}

} // namespace aigc
