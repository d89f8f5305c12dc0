// SPDX-License-Identifier: LGPL-2.1-or-later
// What a service makes, whichever service it was.
#pragma once

#include "base/ref.h"

#include <memory>
#include <string>

namespace aigc {

struct Raster;

enum class Role { words, picture, clip };

/// "prompt", "image" or "video": the stage's name in progress codes, messages and provenance.
const char* stage_name(Role role);

/// What a service billed, in its own units. Zero where it said nothing.
struct Usage {
  gint64 input_tokens = 0;
  gint64 cached_tokens = 0; ///< of the input tokens, those at the cheaper rate
  gint64 output_tokens = 0;
  gint64 pictures = 0;
  double seconds = 0; ///< of film
  std::string tier;   ///< "480P", "720P", "1080P" where the price follows it

  bool operator==(const Usage&) const = default;
};

/// What came of a call; the fields of the other roles stay empty.
struct Result {
  std::string prompt; ///< words
  std::string negative_prompt;
  std::string motion_prompt;
  std::string keyframe;
  std::string mood;
  std::string url;       ///< where the file is to be fetched from, within hours
  Ref<GBytes> picture;   ///< encoded
  std::string clip_path; ///< a finished file
  /// Of the picture, where it had to be decoded anyway.
  std::shared_ptr<const Raster> pixels;
  std::string request_id;
  std::string model; ///< that made it, where the request left the choice to the server
  gint64 seed = -1;  ///< the one used, -1 = unknown
  Usage usage;
  double cost = 0; ///< in `currency`, of the price file
  std::string currency;
};

} // namespace aigc
