// SPDX-License-Identifier: LGPL-2.1-or-later
// What the two servers built on FastAPI share.
#include "fastapi.h"

#include "util.h"

namespace standin {

void refuse_field(const ExchangePtr& exchange, const FieldProblem& problem, int status) {
  if (exchange->style == Style::ErrorObject)
    return exchange->error(400, "",
                           "1 validation error: body." + problem.field + ": " + problem.message);
  exchange->send(
      Json::object(
          {{"detail", Json::array({Json::object({{"type", problem.type},
                                                 {"loc", Json::array({"body", problem.field})},
                                                 {"msg", problem.message},
                                                 {"input", Json()}})})}}),
      status);
}

bool fastapi_fields(const ExchangePtr& exchange, const std::vector<Field>& fields, Json& out,
                    int status) {
  const auto problem = read_fields(*exchange, fields, out);
  if (problem) refuse_field(exchange, *problem, status);
  return !problem;
}

void send_models(const Standin& standin, const ExchangePtr& exchange, const std::string& profile,
                 const Json& more) {
  Json data{Json::Array{}};
  for (const Json& name : standin.config["profiles"][profile]["models"].items()) {
    Json card = Json::object({{"id", name}, {"object", "model"}, {"created", now_ms() / 1000}});
    for (const auto& [key, value] : more.members())
      card.set(key, value);
    card.set("root", name);
    data.push(std::move(card));
  }
  exchange->send(Json::object({{"object", "list"}, {"data", std::move(data)}}));
}

std::vector<const Part*> form_pictures(const Form& form, const std::string& name) {
  auto pictures = form.files(name);
  return pictures.empty() ? form.files(name + "[]") : pictures;
}

bool served(const Standin& standin, const std::string& profile, const std::string& model) {
  for (const Json& name : standin.config["profiles"][profile]["models"].items())
    if (name.text() == model) return true;
  return false;
}

std::string first_model(const Standin& standin, const std::string& profile, bool clips) {
  const auto& models = standin.config["profiles"][profile]["models"].items();
  for (const Json& model : models)
    if (!clips || lower(model.text()).find("t2v") != std::string::npos) return model.text();
  return models.empty() ? "none" : models.front().text();
}

bool needs_picture(const std::string& model) {
  return lower(model).find("i2v") != std::string::npos &&
         lower(model).find("ti2v") == std::string::npos;
}

} // namespace standin
