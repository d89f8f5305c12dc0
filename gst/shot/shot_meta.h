// SPDX-License-Identifier: LGPL-2.1-or-later
// Shots as GstStructure and as the buffer meta "GstAigcShotMeta".
#pragma once

#include "base/ref.h"
#include "shot/shot.h"

#include <optional>

namespace aigc {

inline constexpr const char* kShotMetaName = "GstAigcShotMeta";

/// Registers the meta once per process; safe to call from several plugins and threads.
void register_shot_meta();

/// Sets every field that was given on `structure`.
void shot_to_structure(const Shot& shot, GstStructure* structure);

/// Reads what shot_to_structure() wrote; foreign fields are ignored.
/// Throws Error{Fault::settings} naming a field of the wrong type.
Shot shot_from_structure(const GstStructure* structure);

/// Attaches the shot to a writable buffer, in place of one already there.
void set_buffer_shot(GstBuffer* buffer, const Shot& shot);

/// The shot a buffer carries, if any. Throws as shot_from_structure().
std::optional<Shot> buffer_shot(GstBuffer* buffer);

} // namespace aigc
