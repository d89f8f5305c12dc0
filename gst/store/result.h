// SPDX-License-Identifier: LGPL-2.1-or-later
// What a service makes, whichever service it was.
#pragma once

#include "base/ref.h"

#include <string>

namespace aigc {

enum class Role { words, picture, clip };

/// "prompt", "image" or "video": the stage's name in progress codes, messages and provenance.
const char* stage_name(Role role);

/// What came of a call; the fields of the other roles stay empty.
struct Result {
  std::string prompt; ///< words
  std::string negative_prompt;
  std::string motion_prompt;
  std::string keyframe;
  std::string mood;
  Ref<GBytes> picture;   ///< encoded
  std::string clip_path; ///< a finished file
  std::string request_id;
  gint64 seed = -1; ///< the one used, -1 = unknown
  double cost = 0;
  std::string currency;
};

} // namespace aigc
