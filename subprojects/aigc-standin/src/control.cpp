// SPDX-License-Identifier: LGPL-2.1-or-later
// The control routes: what was called and billed, configuration, reset.
#include "profiles.h"
#include "wire.h"

namespace standin {

Json Standin::addresses() const {
  Json out = Json::object({{"api", api},
                           {"deepseek", api},
                           {"dashscope", api + "/api/v1"},
                           {"compatible", api + "/compatible-mode/v1"},
                           {"openai", api + openai_profile().base},
                           {"results", results},
                           {"control", api + "/_standin"}});
  for (const Profile* profile : profiles())
    out.set(profile->name, origins.at(profile->name) + profile->base);
  return out;
}

void Standin::reset() {
  config.reset();
  calls.reset();
  faults.reset();
  faults.load(config["faults"]);
  limits.reset();
  tasks.reset();
  uploads.reset();
  hosted.clear();
  comfy.reset();
  close_raw();
}

namespace {

// The jobs and files of that profile, or of all: as after a restart of its server.
void forget(Standin& standin, const std::string& profile) {
  standin.hosted.clear();
  if (profile.empty() || profile == openai_profile().name)
    standin.tasks.forget_profile(openai_profile().name);
  for (const Profile* other : profiles())
    if (profile.empty() || profile == other->name) standin.tasks.forget_profile(other->name);
  if (profile.empty() || profile == comfyui_profile().name) standin.comfy.forget();
}

} // namespace

void control_route(Standin& standin, const ExchangePtr& exchange) {
  const std::string name = exchange->method + " " + exchange->path.substr(9);
  auto send_text = [&](std::string text) {
    Reply reply;
    reply.body = bytes(std::move(text));
    exchange->send(std::move(reply));
  };
  if (name == "GET /calls") return send_text(standin.calls.print());
  if (name == "GET /billed") return send_text(standin.calls.print_billed());
  if (name == "GET /config") return exchange->send(standin.config.tree());
  if (name == "POST /reset") {
    standin.reset();
    return exchange->send(Json::object({{"reset", true}}));
  }
  if (name == "POST /forget") {
    forget(standin, exchange->json ? (*exchange->json)["profile"].text() : "");
    return exchange->send(Json::object({{"forgotten", true}}));
  }
  if (name == "POST /config") {
    if (!exchange->json)
      return exchange->send(Json::object({{"error", "the body is no JSON"}}), 400);
    if (auto fault = standin.config.merge(*exchange->json))
      return exchange->send(Json::object({{"error", *fault}}), 400);
    standin.faults.load(standin.config["faults"]);
    return exchange->send(standin.config.tree());
  }
  exchange->send(Json::object({{"error", "there is no " + name}}), 404);
}

} // namespace standin
