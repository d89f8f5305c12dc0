// SPDX-License-Identifier: LGPL-2.1-or-later
// What a language model wrote, read with patience.
#pragma once

#include <string>
#include <string_view>

namespace aigc {

/// The writer's answer; what it left out stays empty.
struct Written {
  std::string prompt;
  std::string negative_prompt;
  std::string motion_prompt;
  std::string keyframe; ///< "always", "auto", "never" or empty
  std::string mood;
  bool complete = false; ///< the prompt's own end was there
};

/// Takes a JSON object, also with prose or fences around it, with members of other types or
/// spelling, or cut off; failing that, prose is the prompt. `prompt` is empty when there is nothing
/// to use. Every text is valid UTF-8 on one line without NUL, and no longer than a shot field may
/// be. What broke off in the middle of the prompt ends with its last whole sentence, or word: an
/// object shows that itself, prose needs `cut`.
Written read_answer(std::string_view content, bool cut = false);

} // namespace aigc
