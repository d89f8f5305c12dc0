// SPDX-License-Identifier: LGPL-2.1-or-later
// The servers that people run themselves, and OpenAI: each an origin of its own, because clients
// find out at its root what it is. OpenAI's routes are at the main address.
#pragma once

#include "standin.h"

#include <libsoup/soup.h>
#include <string>
#include <string_view>
#include <vector>

namespace standin {

using Handler = void (*)(Standin&, const ExchangePtr&);

// One kind of request: its name in logs and faults, and where it goes. "*" is any one segment.
struct Endpoint {
  const char* name;
  const char* method;
  const char* path;
  Handler handler;
  bool open = false; // needs no key
};

struct Profile {
  const char* name; // in the ready line and in the configuration's "profiles"
  const char* base; // what its base URL has after the origin
  Style style;
  std::vector<Endpoint> endpoints;
};

// Those with an origin of their own, in the order of their ports.
const std::vector<const Profile*>& profiles();
const Profile& openai_profile();
const Profile& vllm_profile();
const Profile& sglang_profile();
const Profile& localai_profile();
const Profile& sdcpp_profile();
const Profile& comfyui_profile();

// The endpoint of a request; with another method when only the path fits; null when none does.
const Endpoint* find_endpoint(const Profile&, const std::string& path, const std::string& method);
bool has_endpoint(const Profile&, std::string_view name);
// A segment of the path, counted from 0; "" when there is none.
std::string segment(const std::string& path, size_t index);

} // namespace standin
