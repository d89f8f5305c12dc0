// SPDX-License-Identifier: LGPL-2.1-or-later
// The built-in engines: a writer, a storyboard artist and a camera that need no key, no network and
// no model. Everything here is deterministic: the same brief gives the same bytes.
#pragma once

#include "base/cancel.h"
#include "base/ref.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace aigc::preview {

/// What the built-in writer is asked.
struct WriteOrder {
  std::string script;     ///< the user's words, any language
  std::string style;      ///< "cinematic", "cyberpunk", ...
  std::string language;   ///< "auto", or BCP 47
  std::string resolution; ///< such as "4K"; may be empty
};

/// What it answers; the fields of the writer's JSON.
struct WrittenShot {
  std::string prompt;
  std::string negative_prompt;
  std::string motion_prompt;
  std::string keyframe; ///< "always", "auto" or "never"
  std::string mood;
};

WrittenShot write(const WriteOrder& order);

/// What the artist and the camera see.
struct Scene {
  std::string script; ///< the user's words: what is named here is drawn
  std::string prompt; ///< the writer's description, or empty
  std::string style;
  std::string mood;
  std::string motion; ///< motion words; empty = read them from script and prompt
  int width = 1280;   ///< pixels of the result, even
  int height = 720;
  std::int64_t seed = 0;              ///< not negative
  std::vector<std::uint32_t> palette; ///< 0xRRGGBB of a brand; empty = the style's own colours
};

/// Paints the keyframe. Returns a PNG that carries its scene in a text chunk, so that film() can
/// take its layers apart again. Throws Error{Fault::cancelled}.
Ref<GBytes> paint(const Scene& scene, Cancel& cancel);

struct FilmOrder {
  Scene scene;
  Ref<GBytes> keyframe;   ///< PNG, JPEG or WebP; empty = paint one from the scene
  Ref<GBytes> last_frame; ///< picture the clip ends on; may be empty
  double duration = 5;    ///< seconds
  int fps = 30;
  std::string path; ///< the MP4 (H.264, bt709, no sound) to write
};

/// Films the keyframe: the camera moves as the words say. `progress` gets 0..100.
/// Throws Error{Fault::format, write, missing_plugin, cancelled}.
void film(const FilmOrder& order, Cancel& cancel, const std::function<void(int)>& progress);

} // namespace aigc::preview
