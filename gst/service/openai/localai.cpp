// SPDX-License-Identifier: LGPL-2.1-or-later
// See localai.h.
#include "service/openai/localai.h"

namespace aigc::openai::localai {

Result make_clip(const Server& server, const Request&, Call&) {
  throw server.error(Fault::settings, "does not make clips with LocalAI yet",
                     "choose another backend");
}

} // namespace aigc::openai::localai
