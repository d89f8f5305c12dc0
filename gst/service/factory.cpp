// SPDX-License-Identifier: LGPL-2.1-or-later
// See factory.h.
#include "service/factory.h"

#include "net/http.h"
#include "service/comfyui/comfyui.h"
#include "service/credentials.h"
#include "service/dashscope/dashscope.h"
#include "service/deepseek/deepseek_backend.h"
#include "service/openai/openai_backend.h"
#include "service/preview/preview_backend.h"

#include <array>
#include <string_view>

namespace aigc {

namespace {

constexpr auto kServices = std::to_array<Service>({
    {BackendChoice::deepseek,
     "deepseek",
     "DEEPSEEK",
     kDeepseekUrl,
     true,
     {true, false, false},
     make_deepseek},
    {BackendChoice::dashscope,
     "dashscope",
     "DASHSCOPE",
     kDashscopeBaseUrl,
     true,
     {true, true, true},
     make_dashscope},
    {BackendChoice::openai, "openai", "OPENAI", kOpenaiUrl, false, {true, true, true}, make_openai},
    {BackendChoice::comfyui,
     "comfyui",
     "COMFYUI",
     kComfyuiUrl,
     false,
     {false, false, false},
     make_comfyui},
});

/// By the host as HttpClient reads it. Throws Error{Fault::settings} for what is no URL.
BackendChoice choice_by_host(const std::string& url) {
  const std::string origin = origin_of(url).host;
  const std::string_view host = std::string_view(origin).substr(0, origin.rfind(':'));
  if (host == "aliyuncs.com" || host.ends_with(".aliyuncs.com")) return BackendChoice::dashscope;
  if (host == "api.deepseek.com") return BackendChoice::deepseek;
  return BackendChoice::openai;
}

} // namespace

std::span<const Service> services() {
  return kServices;
}

const Service* find_service(BackendChoice choice) {
  for (const Service& service : kServices)
    if (service.choice == choice) return &service;
  return nullptr;
}

BackendChoice resolve_backend(const BackendQuery& query) {
  if (query.choice != BackendChoice::automatic) return query.choice;
  if (!is_blank(query.base_url)) return choice_by_host(query.base_url);
  const Service* other = nullptr;
  for (const Service& service : kServices) {
    const bool mine = service.serves(query.role);
    if (mine && !is_blank(query.key.reveal())) return service.choice;
    if (!is_configured(query, service)) continue;
    if (mine) return service.choice;
    other = &service;
  }
  if (!other) return BackendChoice::preview;
  throw Error(Fault::settings,
              std::string("a key or address is set for ") + other->name + ", but none for " +
                  stage_name(query.role),
              "set backend to the one that is to work, or DASHSCOPE_API_KEY, or backend=preview if "
              "stand-ins are wanted");
}

std::shared_ptr<Backend> make_backend(BackendChoice choice, const Access& access) {
  if (choice == BackendChoice::preview) return std::make_shared<PreviewBackend>();
  const Service* service = find_service(choice);
  if (!service) throw Error(Fault::settings, "no such backend", "set backend=preview");
  if (service->needs_key && access.key.empty())
    throw Error(Fault::not_authorized, std::string("there is no key for ") + service->name,
                std::string("set ") + service->variables + "_API_KEY, or backend=preview for " +
                    "stand-ins that need none");
  return service->make(access);
}

} // namespace aigc
