// SPDX-License-Identifier: LGPL-2.1-or-later
// Which backend serves a role.
#pragma once

#include "service/access.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace aigc {

enum class BackendChoice { automatic, preview, deepseek, dashscope, openai, comfyui };

/// A service as users name and configure it.
struct Service {
  BackendChoice choice;
  const char* name;
  const char* variables;     ///< prefix of its _API_KEY, _API_KEY_FILE and _BASE_URL
  const char* base_url;      ///< where it is when nobody says otherwise
  bool needs_key;            ///< servers of one's own may do without
  std::array<bool, 3> roles; ///< auto picks it for words, picture, clip
  std::shared_ptr<Backend> (*make)(const Access& access);

  bool serves(Role role) const { return roles[static_cast<size_t>(role)]; }
};

/// All services but preview, in the order in which auto looks for keys.
std::span<const Service> services();
/// Null for automatic and preview.
const Service* find_service(BackendChoice choice);

/// Keys an application holds ready, by the name of their service.
using KeyRing = std::map<std::string, Secret>;

/// What the choice is made from, and the access found.
struct BackendQuery {
  Role role = Role::words;
  BackendChoice choice = BackendChoice::automatic;
  std::string base_url; ///< of the property
  Secret key;           ///< of the property
  Profile profile = Profile::automatic;
  std::string workflow;
  KeyRing context;
  bool is_fallback = false; ///< the service's keys go to the service's own addresses only
  std::string key_file;     ///< of a fallback: names its key, at any address
  /// Returns a variable, or null; one that is blank counts as unset.
  std::function<const char*(const char*)> environment;
};

/// auto: the base URL decides by its host, else the key that is set; preview only when neither is
/// set for any role, since a lost key must never turn into fake pictures.
/// Throws Error{Fault::settings} when a key is set, but none for this role.
BackendChoice resolve_backend(const BackendQuery& query);

/// `access` is not looked at for preview. Throws Error{Fault::settings} when a key is missing, or
/// the base URL is none.
std::shared_ptr<Backend> make_backend(BackendChoice choice, const Access& access = {});

} // namespace aigc
