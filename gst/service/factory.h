// SPDX-License-Identifier: LGPL-2.1-or-later
// Which backend serves a role.
#pragma once

#include "service/access.h"

#include <functional>
#include <memory>
#include <string>

namespace aigc {

enum class BackendChoice { automatic, preview, deepseek, dashscope, openai };

/// What the choice is made from. `environment` returns a variable, or null.
struct BackendQuery {
  Role role = Role::words;
  BackendChoice choice = BackendChoice::automatic;
  std::string base_url;
  bool has_key = false; ///< a key was given other than by the environment
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
