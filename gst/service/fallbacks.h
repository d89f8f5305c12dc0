// SPDX-License-Identifier: LGPL-2.1-or-later
// The property fallback-backends: which services are tried where the one before is down or refuses.
#pragma once

#include "service/factory.h"

#include <string>
#include <vector>

#include <glib-object.h>

namespace aigc {

struct Fallback {
  std::string title; ///< "entry 2 (dashscope)", for errors
  BackendChoice choice = BackendChoice::automatic;
  std::string base_url;
  std::string model;
  Profile profile = Profile::automatic;
  std::string workflow;
  std::string key_file;
};

/// `text` holds entries between semicolons, each a backend's name with options as GstStructure
/// writes them: "openai, base-url=http://gpu:8000/v1, model=Qwen/Qwen-Image; dashscope".
/// `profiles` is the GEnum of Profile. Throws Error{Fault::settings} that names the entry and
/// shows no value of it that may be a key.
std::vector<Fallback> parse_fallbacks(const std::string& text, GType profiles);

/// `error` as one of this entry.
Error error_of(const Fallback& entry, const Error& error);

} // namespace aigc
