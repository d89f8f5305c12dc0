// SPDX-License-Identifier: LGPL-2.1-or-later
// What kind of file a clip is, by its first bytes, and whether all of it arrived.
#pragma once

#include <string>

namespace aigc {

enum class Container {
  mp4, ///< or QuickTime's, which is its elder
  webm,
  matroska,
  avi,
  webp, ///< a picture, perhaps one that moves
  other,
};
inline constexpr Container kClipContainers[] = {
    Container::mp4, Container::webm, Container::matroska, Container::avi, Container::other};

/// By content, never by name; `other` also for what cannot be read.
Container container_of(const std::string& path);

/// What to name such a file: ".mp4"; ".clip" for `other`.
const char* extension_of(Container container);

/// As people call it: "WebM".
const char* name_of(Container container);

/// Whether the lengths inside the file reach past its end: the rest never arrived, or the middle is
/// broken, which a demuxer takes for the end of the film. A file of too many parts to look at is
/// not judged.
bool is_cut_off(const std::string& path, Container container);

} // namespace aigc
