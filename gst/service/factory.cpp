// SPDX-License-Identifier: LGPL-2.1-or-later
// See factory.h.
#include "service/factory.h"

#include "service/preview/preview_backend.h"

#include <array>
#include <span>
#include <string_view>

namespace aigc {

namespace {

struct Service {
  BackendChoice choice;
  const char* name;
  const char* variables;     ///< prefix of its _API_KEY, _API_KEY_FILE and _BASE_URL
  std::array<bool, 3> roles; ///< auto picks it for words, picture, clip
};

/// In the order in which auto looks for keys.
constexpr std::array<Service, 3> kServices = {{
    {BackendChoice::deepseek, "deepseek", "DEEPSEEK", {true, false, false}},
    {BackendChoice::dashscope, "dashscope", "DASHSCOPE", {true, true, true}},
    {BackendChoice::openai, "openai", "OPENAI", {true, true, true}},
}};

bool serves(const Service& service, Role role) {
  return service.roles[static_cast<size_t>(role)];
}

bool is_set(const BackendQuery& query, const Service& service, std::string_view suffix) {
  const std::string name = service.variables + std::string(suffix);
  const char* value = query.environment(name.c_str());
  return value && *value;
}

bool is_configured(const BackendQuery& query, const Service& service) {
  return is_set(query, service, "_BASE_URL") || is_set(query, service, "_API_KEY") ||
         is_set(query, service, "_API_KEY_FILE");
}

/// The host of a URL, without user and port.
std::string_view host_of(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const size_t user = url.rfind('@'); user != std::string_view::npos)
    url.remove_prefix(user + 1);
  return url.substr(0, url.find(':'));
}

BackendChoice choice_by_host(std::string_view url) {
  const std::string_view host = host_of(url);
  if (host == "aliyuncs.com" || host.ends_with(".aliyuncs.com")) return BackendChoice::dashscope;
  if (host == "api.deepseek.com") return BackendChoice::deepseek;
  return BackendChoice::openai;
}

} // namespace

BackendChoice resolve_backend(const BackendQuery& query) {
  if (query.choice != BackendChoice::automatic) return query.choice;
  if (!query.base_url.empty()) return choice_by_host(query.base_url);
  const Service* other = nullptr;
  for (const Service& service : kServices) {
    const bool mine = serves(service, query.role);
    if (mine && query.has_key) return service.choice;
    if (!is_configured(query, service)) continue;
    if (mine) return service.choice;
    other = &service;
  }
  if (!other) return BackendChoice::preview;
  throw Error(Fault::settings,
              std::string("a key or address is set for ") + other->name + ", but none for " +
                  stage_name(query.role),
              "set DASHSCOPE_API_KEY, or backend=preview if stand-ins are wanted");
}

std::shared_ptr<Backend> make_backend(BackendChoice choice, const Access&) {
  if (choice == BackendChoice::preview) return std::make_shared<PreviewBackend>();
  for (const Service& service : kServices)
    if (service.choice == choice)
      throw Error(Fault::settings,
                  std::string("the service ") + service.name + " is not part of this version",
                  "set backend=preview, or unset the keys and addresses in the environment");
  throw Error(Fault::settings, "no such backend", "set backend=preview");
}

} // namespace aigc
