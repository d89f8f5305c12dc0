// SPDX-License-Identifier: LGPL-2.1-or-later
// See pictures.h.
#include "service/openai/pictures.h"

namespace aigc::openai {

Result make_picture(const Server& server, Profile, const Request&, Call&) {
  throw server.error(Fault::settings, "makes no pictures yet", "choose another backend");
}

} // namespace aigc::openai
