// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of a shot to any server of the OpenAI kind.
#pragma once

#include "service/backend.h"

#include <string>

namespace aigc::openai {

/// The words of a picture, or of a clip: a keyframe shows what there is, so what is left to say is
/// how it moves.
std::string prompt_of(const Request& request);

/// The seed to send to a server that takes one; -1 = none. Where the user leaves it open it follows
/// from the id of the order: some servers would start from the same number every time, and the
/// provenance can name it.
gint64 seed_of(const Request& request, const Call& call);

/// Seconds of film as a whole number.
gint64 whole_seconds(const Request& request);

/// A stranger's id as one piece of a path.
std::string escaped(const std::string& id);

} // namespace aigc::openai
