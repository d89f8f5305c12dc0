// SPDX-License-Identifier: LGPL-2.1-or-later
// See profile.h. The decision rests on what the servers' own sources answer:
//  vLLM-Omni    /v1/models says "owned_by": "vllm" (vLLM's model card)
//  SGLang       /v1/models says "owned_by": "sglang"
//  sd.cpp       /v1/models lists "sd-cpp-local"; /sdcpp/v1/capabilities is JSON
//  LocalAI      /v1/models says nothing of its own; newer ones describe themselves at
//               /.well-known/localai.json, and /version is {"version": "v3.5.0 (COMMIT)"} and no
//               more
// Every other server with a list of models, a gateway above all, is taken for one that keeps to
// OpenAI's own API.
#include "service/openai/profile.h"

#include "net/url.h"
#include "service/openai/log.h"
#include "service/openai/model_list.h"

#include <optional>

namespace aigc::openai {

namespace {

constexpr const char* kOpenaiHost = "api.openai.com";

std::optional<Profile> by_models(const std::vector<ListedModel>& models) {
  for (const ListedModel& model : models) {
    if (model.owner.starts_with("vllm")) return Profile::vllm_omni;
    if (model.owner.starts_with("sglang")) return Profile::sglang;
    if (model.owner.starts_with("localai")) return Profile::localai;
    if (model.id == "sd-cpp-local") return Profile::sdcpp;
  }
  return std::nullopt;
}

HttpResponse look(const Server& server, const std::string& path, Call& call) {
  return server.send(server.request("GET", server.at(path), call), call);
}

/// The object at `path`; many a server answers 200 with a page to any address.
Ref<JsonNode> object_at(const Server& server, const std::string& path, Call& call) {
  const HttpResponse response = look(server, path, call);
  return response.status == 200 ? object_of(response) : Ref<JsonNode>();
}

bool is_sdcpp(const Server& server, Call& call) {
  return static_cast<bool>(object_at(server, "/sdcpp/v1/capabilities", call));
}

bool is_localai(const Server& server, Call& call) {
  const auto discovery = object_at(server, "/.well-known/localai.json", call);
  if (JsonView(discovery.get())["endpoints"].is_object()) return true;
  const auto told = object_at(server, "/version", call);
  const std::string version = JsonView(told.get())["version"].text();
  return version.ends_with(')') && version.find(" (") != std::string::npos &&
         JsonView(told.get()).members().size() == 1;
}

Error nobody(const Server& server) {
  return server.error(
      Fault::settings, "finds no server of its kind at " + parse_url(server.api("")).shown(),
      "set base-url to the root of the API, such as http://host:8000/v1, or profile "
      "to the kind of server that is there");
}

Profile ask(const Server& server, Call& call) {
  const auto models = list_models(server, call);
  const auto told = models ? by_models(*models) : std::nullopt;
  if (told) return *told;
  if (is_sdcpp(server, call)) return Profile::sdcpp;
  if (is_localai(server, call)) return Profile::localai;
  if (models) return Profile::openai;
  throw nobody(server);
}

} // namespace

Profile find_profile(const Server& server, Call& call) {
  if (server.access().profile != Profile::automatic) return server.access().profile;
  if (server.endpoint().host == kOpenaiHost) return Profile::openai;
  return ask(server, call);
}

void find_life(const Server& server, Call& call) {
  if (list_models(server, call)) return;
  const Profile profile = server.access().profile;
  const bool any = profile == Profile::automatic;
  const bool alive = ((any || profile == Profile::sdcpp) && is_sdcpp(server, call)) ||
                     ((any || profile == Profile::localai) && is_localai(server, call));
  if (!alive) throw nobody(server);
}

} // namespace aigc::openai
