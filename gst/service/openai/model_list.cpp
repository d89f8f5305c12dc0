// SPDX-License-Identifier: LGPL-2.1-or-later
// See model_list.h.
#include "service/openai/model_list.h"

#include "service/http_error.h"
#include "service/openai/log.h"

#include <algorithm>

namespace aigc::openai {

namespace {

constexpr size_t kNamed = 5; ///< of the models a server has, in an error
constexpr size_t kLongestName = 64;

std::string names_of(const std::vector<ListedModel>& models, const Secret& key) {
  std::string names;
  for (size_t i = 0; i < std::min(models.size(), kNamed); ++i)
    names += (i ? ", " : "") + printable_token(models[i].id, kLongestName, key);
  return names;
}

/// Servers say it by their status, or in words only.
bool may_lack_model(const Error& error) {
  if (error.fault == Fault::not_found) return true;
  return error.fault == Fault::settings && error.http_status >= 400 &&
         take_string(g_ascii_strdown(error.what(), -1)).find("model") != std::string::npos;
}

} // namespace

std::optional<std::vector<ListedModel>> list_models(const Server& server, Call& call) {
  const HttpResponse response =
      server.send(server.request("GET", server.api("/models"), call), call);
  if (response.status == 404 || response.status == 405) return std::nullopt;
  if (response.status != 200) throw server.refusal(response);
  Ref<JsonNode> root;
  try {
    root = parse_json(response.body);
  } catch (const Error&) {
    return std::nullopt; // a page of something else
  }
  const JsonView list = JsonView(root.get())["data"];
  if (!list.is_array()) return std::nullopt;
  std::vector<ListedModel> models;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string owner = list.at(i)["owned_by"].text();
    if (const std::string id = list.at(i)["id"].text(); !id.empty())
      models.push_back({id, take_string(g_ascii_strdown(owner.c_str(), -1))});
  }
  return models;
}

std::string only_model(const Server& server, Call& call) {
  const auto models = list_models(server, call);
  if (!models)
    throw server.error(Fault::settings, "has no list of models at " + server.api(""), "set model");
  if (models->size() == 1) return models->front().id;
  if (models->empty())
    throw server.error(Fault::settings, "has loaded no model",
                       "load one into the server, or set model");
  const std::string names = names_of(*models, server.access().key);
  throw server.error(Fault::settings,
                     "lists " + std::to_string(models->size()) + " models, so one must be named",
                     "set model to one the server has, such as " + names);
}

Error with_names(Error error, const Server& server, const std::string& model, Call& call) {
  if (error.unclear || !may_lack_model(error)) return error;
  try {
    const auto models = list_models(server, call);
    if (!models || models->empty()) return error;
    const bool any = model == kOnlyModel; // a server that is not told which
    const bool has = any || std::ranges::find(*models, model, &ListedModel::id) != models->end();
    if (!has)
      error.remedy =
          "set model to one the server has, such as " + names_of(*models, server.access().key);
    else if (error.fault == Fault::not_found || any)
      error.remedy = "start the server with a model that makes this, or set another base-url";
    if (error.fault == Fault::not_found && server.access().profile != Profile::automatic)
      error.remedy += "; unset profile if another kind of server is at base-url";
  } catch (const Error& other) {
    GST_INFO("the models of the server are not known: %s", other.what());
  }
  return error;
}

} // namespace aigc::openai
