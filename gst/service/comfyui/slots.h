// SPDX-License-Identifier: LGPL-2.1-or-later
// The named places in a workflow that a shot's values go to: "{prompt}" inside the strings of its
// nodes' inputs.
#pragma once

#include "service/model.h"

#include <set>
#include <string>

namespace aigc::comfyui {

enum class Slot { prompt, negative, seed, width, height, frames, seconds, image, last_image };

/// What is written between the braces.
const char* slot_name(Slot slot);

struct Values {
  std::string prompt;
  std::string negative;
  gint64 seed = 0;
  Size size;
  gint64 frames = 0;
  double seconds = 0;
  std::string image; ///< as the server names what was uploaded
  std::string last_image;
};

/// Adds the slots of `text` to `slots`. Throws Error{Fault::settings} for a name that is none, and
/// says which one it may be; braces around anything but a word are just braces, and {{word}} is
/// {word}.
void find_slots(const std::string& text, std::set<Slot>& slots);

/// `text`, a string of JSON, with its slots filled; a number where it is one slot for a number.
/// What was filled in is not looked through again.
Ref<JsonNode> fill_slots(const std::string& text, const Values& values);

} // namespace aigc::comfyui
