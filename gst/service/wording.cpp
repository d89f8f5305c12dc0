// SPDX-License-Identifier: LGPL-2.1-or-later
// See wording.h.
#include "service/wording.h"

#include "shot/shot.h"

namespace aigc {

std::string prompt_of(const Request& request) {
  if (request.role != Role::clip || is_blank(request.motion)) return request.words;
  if (request.keyframe || is_blank(request.words)) return request.motion;
  return request.words + "\n" + request.motion;
}

std::string escaped(const std::string& text) {
  return take_string(g_uri_escape_string(text.c_str(), nullptr, FALSE));
}

} // namespace aigc
