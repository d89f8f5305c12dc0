// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of profiles, and how a request finds its endpoint.
#include "profiles.h"

namespace standin {
namespace {

bool fits(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = pattern.substr(0, pattern.find('/', 1));
    const auto given = path.substr(0, path.find('/', 1));
    if (wanted != given && (wanted != "/*" || given.size() < 2)) return false;
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
  }
  return pattern.empty() && path.empty();
}

} // namespace

const std::vector<const Profile*>& profiles() {
  static const std::vector<const Profile*> all = {
      &vllm_profile(), &sglang_profile(), &localai_profile(), &sdcpp_profile(), &comfyui_profile()};
  return all;
}

const Endpoint* find_endpoint(const Profile& profile, const std::string& path,
                              const std::string& method) {
  const Endpoint* other = nullptr;
  for (const Endpoint& endpoint : profile.endpoints) {
    if (!fits(endpoint.path, path)) continue;
    if (endpoint.method == method) return &endpoint;
    other = &endpoint;
  }
  return other;
}

bool has_endpoint(const Profile& profile, std::string_view name) {
  for (const Endpoint& endpoint : profile.endpoints)
    if (endpoint.name == name) return true;
  return false;
}

std::string segment(const std::string& path, size_t index) {
  size_t from = 1;
  for (; index > 0 && from != 0; --index)
    from = path.find('/', from) + 1;
  return from == 0 ? "" : path.substr(from, path.find('/', from) - from);
}

} // namespace standin
