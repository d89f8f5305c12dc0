// SPDX-License-Identifier: LGPL-2.1-or-later
// See doctor.h.
#include "doctor.h"

#include "net/url.h"
#include "packages.h"
#include "service/comfyui/client.h"
#include "service/prices.h"
#include "store/results.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <future>

namespace aigc::runner {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};

BackendQuery query_for(Role role) {
  BackendQuery query;
  query.role = role;
  query.environment = g_getenv;
  return query;
}

RoleReport look_at_role(const char* name, Role role, unsigned inputs) {
  RoleReport report{.role = name};
  try {
    const BackendQuery query = query_for(role);
    const BackendChoice choice = resolve_backend(query);
    const Service* service = find_service(choice);
    report.backend = service ? service->name : "preview";
    const auto backend = make_backend(choice, find_access(choice, query).access);
    report.model = find_model(*backend, role, "", inputs).name;
  } catch (const Error& error) {
    report.problem = error.what();
    report.remedy = error.remedy;
  }
  return report;
}

/// Throws Error{Fault::settings} for what is no address, or holds a password; shows neither.
std::string shown_address(const std::string& base_url) {
  parse_url(base_url);
  return base_url.substr(0, base_url.find('?'));
}

/// What a failed probe says of the service.
std::string state_of(const Error& error) {
  const int status = error.http_status;
  if (status == 429) return "ok";
  if (status == 401 || status == 403) return "refused";
  return status > 0 || error.fault == Fault::settings ? "failing" : "unreachable";
}

/// A ComfyUI is asked as such: its backend wants a workflow, which is an element's.
void probe(const Service& service, const Access& access, Call& call) {
  if (service.choice == BackendChoice::comfyui) return comfyui::Client(access).probe(call);
  make_backend(service.choice, access)->probe(call);
}

void ask(const Service& service, const Access& access, ServiceReport& report) {
  Cancel cancel;
  const auto begun = Clock::now();
  Call call{cancel, begun + kPatience, [](int) {}, {}, {}, {}};
  try {
    report.state = "ok";
    probe(service, access, call);
  } catch (const Error& error) {
    report.state = state_of(error);
    if (report.state != "ok") {
      report.problem = error.what();
      report.remedy = error.remedy;
    }
  }
  if (report.state != "unreachable")
    report.latency = std::chrono::duration<double>(Clock::now() - begun).count();
}

std::string key_origin(const BackendQuery& query, const Service& service) {
  for (const char* suffix : {"_API_KEY_FILE", "_API_KEY"})
    if (service_variable(query, service, suffix)) return service.variables + std::string(suffix);
  return {};
}

ServiceReport look_at_service(const Service& service) {
  ServiceReport report{.name = service.name, .state = "not configured"};
  const BackendQuery query = query_for(Role::words);
  if (!is_configured(query, service)) return report;
  report.key_from = key_origin(query, service);
  try {
    const Credentials found = find_access(service.choice, query);
    report.base_url = shown_address(found.access.base_url);
    if (service.needs_key && found.access.key.empty())
      throw Error(Fault::settings, std::string("there is no key for ") + service.name,
                  std::string("set ") + service.variables + "_API_KEY");
    ask(service, found.access, report);
    if (report.problem.empty()) report.remedy = found.warning;
  } catch (const Error& error) {
    report.state = "failing";
    report.problem = error.what();
    report.remedy = error.remedy;
  }
  return report;
}

std::vector<ServiceReport> look_at_services() {
  std::vector<std::future<ServiceReport>> answers;
  for (const Service& service : services())
    answers.push_back(std::async(std::launch::async, look_at_service, std::cref(service)));
  std::vector<ServiceReport> reports;
  for (auto& answer : answers)
    reports.push_back(answer.get());
  return reports;
}

StoreReport look_at_store() {
  const ResultStore store("");
  StoreReport report{.folder = store.folder()};
  try {
    store.prepare();
    const std::string probe = store.scratch("doctor");
    ErrorSlot error;
    if (!g_file_set_contents(probe.c_str(), "", 0, error.out()))
      throw Error(Fault::write, error.message(), "set AIGC_CACHE_DIR to a folder you can write to");
    fs::remove(probe);
  } catch (const Error& error) {
    report.problem = error.what();
    report.remedy = error.remedy;
  }
  std::error_code error;
  const auto space = fs::space(report.folder, error);
  if (!error) report.free = space.available;
  for (fs::recursive_directory_iterator at(report.folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const auto bytes = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) report.bytes += bytes;
  }
  return report;
}

PricesReport look_at_prices() {
  try {
    const auto prices = Prices::load();
    return {prices->where(), prices->date(), prices->currency(), prices->confirmed()};
  } catch (const Error& error) {
    return {.problem = error.what(), .remedy = error.remedy};
  }
}

std::vector<MissingElement> look_at_elements() {
  std::vector<MissingElement> missing;
  for (const std::string& name : known_elements())
    if (!adopt(gst_element_factory_find(name.c_str())))
      missing.push_back({name, package_hint(name)});
  return missing;
}

} // namespace

bool Diagnosis::is_well() const {
  const bool staffed = std::all_of(roles.begin(), roles.end(), [&](const RoleReport& role) {
    const auto service =
        std::find_if(services.begin(), services.end(),
                     [&](const ServiceReport& service) { return service.name == role.backend; });
    return role.problem.empty() && (service == services.end() || service->state == "ok");
  });
  return staffed && missing.empty() && store.problem.empty() && prices.problem.empty();
}

Diagnosis diagnose() {
  Diagnosis diagnosis;
  diagnosis.services = look_at_services();
  diagnosis.roles = {look_at_role("writer", Role::words, kWordsOnly),
                     look_at_role("painter", Role::picture, kWordsOnly),
                     look_at_role("camera", Role::clip, kKeyframe)};
  diagnosis.missing = look_at_elements();
  diagnosis.store = look_at_store();
  diagnosis.prices = look_at_prices();
  return diagnosis;
}

} // namespace aigc::runner
