// SPDX-License-Identifier: LGPL-2.1-or-later
// See sdcpp.h.
#include "service/openai/sdcpp.h"

namespace aigc::openai::sdcpp {

namespace {

Error not_built(const Server& server) {
  return server.error(Fault::settings, "does not speak to stable-diffusion.cpp yet",
                      "choose another backend");
}

} // namespace

std::variant<Result, Task> submit(const Server& server, const Request&, Call&) {
  throw not_built(server);
}

Poll poll(const Server& server, const Task&, const Request&, Call&) {
  throw not_built(server);
}

bool cancel(const Server&, const Task&, Call&) {
  return false;
}

Found find(const Server&, const Request&, const Intent&, Call&) {
  return {};
}

} // namespace aigc::openai::sdcpp
