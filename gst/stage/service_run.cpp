// SPDX-License-Identifier: LGPL-2.1-or-later
// See service_run.h.
#include "stage/service_run.h"

#include "service/factory.h"

namespace aigc {

namespace {

std::shared_ptr<Backend> backend_for(Role role, const StageSettings& settings) {
  BackendQuery query;
  query.role = role;
  query.choice = static_cast<BackendChoice>(settings.backend);
  query.base_url = settings.base_url;
  query.has_key = !settings.api_key.empty();
  query.environment = g_getenv;
  return make_backend(resolve_backend(query));
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
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstAigcBackend", values);
  }();
  return type;
}

ServiceRun::ServiceRun(Role role, const StageSettings& settings)
    : role_(role), store_(settings.cache_dir), driver_(backend_for(role, settings), store_),
      model_(find_model(driver_.backend(), role, settings.model)),
      max_in_flight_(settings.max_in_flight ? settings.max_in_flight : model_.max_in_flight) {}

std::string ServiceRun::notice() const {
  if (!driver_.backend().is_preview()) return {};
  return std::string("this is a preview: ") + model_.name +
         " is built in and stands in for a real model";
}

Product ServiceRun::work(Job job, Cancel& cancel, const Progress& progress) {
  if (auto passed = pass(job)) return std::move(*passed);
  return work_with(driver_, model_, std::move(job), cancel, progress);
}

Product ServiceRun::fallback(Job job, Cancel& cancel) {
  const Driver preview(make_backend(BackendChoice::preview), store_);
  const Model& model = find_model(preview.backend(), role_, "");
  return work_with(preview, model, std::move(job), cancel, [](int) {});
}

Product ServiceRun::work_with(const Driver& driver, const Model& model, Job job, Cancel& cancel,
                              const Progress& progress) {
  const StageSettings now = settings();
  if (job.shot.seed < 0) job.shot.seed = now.seed;
  if (job.shot.take == 0) job.shot.take = now.take;
  Request request;
  request.role = role_;
  request.model = model.name;
  request.script = job.shot.script;
  request.words = job.shot.words();
  request.style = job.shot.style;
  request.mood = job.shot.mood;
  request.seed = job.shot.seed;
  request.take = job.shot.take;
  ask(job, model, request, cancel);

  DriverOptions options;
  options.timeout = std::chrono::milliseconds(now.timeout);
  options.poll_interval = std::chrono::milliseconds(now.poll_interval);
  options.max_retries = now.max_retries;
  options.use_cache = now.use_cache;
  Done done = driver.run(request, options, cancel, progress);
  const unsigned requests = done.requests;
  Provenance provenance = done.provenance;
  Product product = give(std::move(job), std::move(done), cancel);
  product.requests = requests;
  product.provenance = std::move(provenance);
  return product;
}

} // namespace aigc
