// SPDX-License-Identifier: LGPL-2.1-or-later
// Keyframes as PNG that carry the scene they were painted from.
#pragma once

#include "base/ref.h"
#include "service/preview/canvas.h"
#include "service/preview/preview.h"

#include <optional>

namespace aigc::preview {

/// The same canvas and scene give the same bytes. Alpha is ignored.
Ref<GBytes> write_keyframe(const Canvas& canvas, const Scene& scene);

/// The scene of a keyframe of ours whose pixels are untouched; nothing for any other picture.
std::optional<Scene> read_scene(GBytes* bytes);

} // namespace aigc::preview
