// SPDX-License-Identifier: LGPL-2.1-or-later
// See profile.h. The decision rests on what the servers' own sources answer:
//  vLLM-Omni    /v1/models says "owned_by": "vllm" (vLLM's model card)
//  SGLang       /v1/models says "owned_by": "sglang"
//  sd.cpp       /v1/models lists "sd-cpp-local"; /sdcpp/v1/capabilities is JSON
//  LocalAI      /v1/models says nothing of its own; /readyz answers 200 with a word or nothing, and
//               newer ones describe themselves at /.well-known/localai.json
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
constexpr size_t kLongestReady = 64; ///< of what /readyz says; pages are longer

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

/// Many a server answers 200 with a page to any address.
bool gives_object(const HttpResponse& response) {
  if (response.status != 200) return false;
  try {
    return JsonView(parse_json(response.body).get()).is_object();
  } catch (const Error&) {
    return false;
  }
}

bool is_sdcpp(const Server& server, Call& call) {
  return gives_object(look(server, "/sdcpp/v1/capabilities", call));
}

bool is_localai(const Server& server, Call& call) {
  const HttpResponse ready = look(server, "/readyz", call);
  if (ready.status != 200 || ready.body.size() > kLongestReady) return false;
  return gives_object(look(server, "/.well-known/localai.json", call)) ||
         gives_object(look(server, "/version", call));
}

Profile ask(const Server& server, Call& call) {
  const auto models = list_models(server, call);
  const auto told = models ? by_models(*models) : std::nullopt;
  if (told) return *told;
  if (is_sdcpp(server, call)) return Profile::sdcpp;
  if (is_localai(server, call)) return Profile::localai;
  if (models) return Profile::openai;
  throw server.error(Fault::settings,
                     "finds no server of its kind at " + parse_url(server.api("")).shown(),
                     "set base-url to the root of the API, such as http://host:8000/v1, or profile "
                     "to the kind of server that is there");
}

} // namespace

Profile find_profile(const Server& server, Call& call) {
  if (server.access().profile != Profile::automatic) return server.access().profile;
  if (server.endpoint().host == kOpenaiHost) return Profile::openai;
  return ask(server, call);
}

} // namespace aigc::openai
