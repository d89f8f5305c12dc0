// SPDX-License-Identifier: LGPL-2.1-or-later
// How a diagnosis is told: to people, and to programs as one JSON object.
#include "base/json.h"
#include "doctor.h"

#include <algorithm>
#include <cmath>

namespace aigc::runner {

namespace {

constexpr double kMebibyte = 1 << 20;

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text + " ";
}

std::string whole(double number) {
  return std::to_string(std::llround(number));
}

std::string mebibytes(std::uintmax_t bytes) {
  return whole(std::ceil(static_cast<double>(bytes) / kMebibyte)) + " MiB";
}

/// "problem; remedy" in the place of what would stand there otherwise.
std::string trouble(const std::string& problem, const std::string& remedy) {
  return problem + (remedy.empty() ? "" : "; " + remedy);
}

std::string text_of(const RoleReport& role) {
  if (!role.problem.empty()) return trouble(role.problem, role.remedy);
  if (role.backend == "preview") return "preview: built in, no model; set a key for real pictures";
  return role.backend + ", " + role.model;
}

std::string text_of(const ServiceReport& service) {
  if (service.state == "not configured") return service.state;
  std::string text = service.state;
  if (service.state == "ok") text += " in " + whole(service.latency * 1000) + " ms";
  if (!service.base_url.empty()) text += ", " + service.base_url;
  text += ", " + (service.key_from.empty() ? "no key" : "key from " + service.key_from);
  const std::string more =
      service.problem.empty() ? service.remedy : trouble(service.problem, service.remedy);
  return more.empty() ? text : text + ": " + more;
}

std::string text_of(const StoreReport& store) {
  if (!store.problem.empty()) return trouble(store.problem, store.remedy);
  return store.folder + ", " + mebibytes(store.bytes) + " used, " + mebibytes(store.free) + " free";
}

std::string text_of(const PricesReport& prices) {
  if (!prices.problem.empty()) return trouble(prices.problem, prices.remedy);
  return prices.where + ", of " + prices.date + ", in " + prices.currency +
         (prices.confirmed ? "" : ", not confirmed against a bill");
}

} // namespace

std::string diagnosis_text(const Diagnosis& diagnosis) {
  constexpr size_t width = 10;
  std::string text;
  const auto line = [&](const std::string& name, const std::string& rest) {
    text += padded(name, width) + rest + "\n";
  };
  for (const RoleReport& role : diagnosis.roles)
    line(role.role, text_of(role));
  for (const ServiceReport& service : diagnosis.services)
    line(service.name, text_of(service));
  if (diagnosis.missing.empty()) line("elements", "all there");
  for (const MissingElement& element : diagnosis.missing)
    line("elements", element.name + " is missing. " + element.remedy);
  line("store", text_of(diagnosis.store));
  line("prices", text_of(diagnosis.prices));
  text += diagnosis.is_well() ? "A film can be made.\n" : "A film cannot be made like this.\n";
  return text;
}

std::string diagnosis_json(const Diagnosis& diagnosis) {
  std::vector<JsonObjectMaker> roles, services, missing;
  for (const RoleReport& role : diagnosis.roles)
    roles.push_back(JsonObjectMaker()
                        .set("role", role.role)
                        .set("backend", role.backend)
                        .set("model", role.model)
                        .set("problem", role.problem)
                        .set("remedy", role.remedy));
  for (const ServiceReport& service : diagnosis.services)
    services.push_back(JsonObjectMaker()
                           .set("name", service.name)
                           .set("state", service.state)
                           .set("key-from", service.key_from)
                           .set("base-url", service.base_url)
                           .set("latency", std::round(service.latency * 1000) / 1000)
                           .set("problem", service.problem)
                           .set("remedy", service.remedy));
  for (const MissingElement& element : diagnosis.missing)
    missing.push_back(JsonObjectMaker().set("name", element.name).set("remedy", element.remedy));
  return JsonObjectMaker()
      .set("event", "diagnosis")
      .set("well", diagnosis.is_well())
      .set("roles", roles)
      .set("services", services)
      .set("missing-elements", missing)
      .set("store", JsonObjectMaker()
                        .set("folder", diagnosis.store.folder)
                        .set("bytes", static_cast<gint64>(diagnosis.store.bytes))
                        .set("free", static_cast<gint64>(diagnosis.store.free))
                        .set("problem", diagnosis.store.problem)
                        .set("remedy", diagnosis.store.remedy))
      .set("prices", JsonObjectMaker()
                         .set("file", diagnosis.prices.where)
                         .set("date", diagnosis.prices.date)
                         .set("currency", diagnosis.prices.currency)
                         .set("confirmed", diagnosis.prices.confirmed)
                         .set("problem", diagnosis.prices.problem)
                         .set("remedy", diagnosis.prices.remedy))
      .text();
}

} // namespace aigc::runner
