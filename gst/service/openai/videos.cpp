// SPDX-License-Identifier: LGPL-2.1-or-later
// See videos.h.
#include "service/openai/videos.h"

namespace aigc::openai {

Task submit_clip(const Server& server, Profile, const Request&, Call&) {
  throw server.error(Fault::settings, "makes no clips yet", "choose another backend");
}
Poll poll_clip(const Server& server, Profile, const Task&, const Request&, Call&) {
  throw server.error(Fault::settings, "makes no clips yet", "choose another backend");
}
bool cancel_clip(const Server&, Profile, const Task&, Call&) {
  return false;
}
Found find_clip(const Server&, const Request&, const Intent&, Call&) {
  return {};
}

} // namespace aigc::openai
