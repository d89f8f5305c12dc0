// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences the built-in writer builds a description from. A table only.
#pragma once

#include "service/preview/reading.h"

#include <array>

namespace aigc::preview {

/// The same thing said in Chinese, English and Japanese, indexed by Tongue.
using Said = std::array<const char*, 3>;

struct StylePhrases {
  const char* id; ///< of the style
  Said look;      ///< composition, material, colour
  Said lens;      ///< lens or technique
  Said mood;
  Said negative; ///< what this style must not show
};

struct Phrase {
  const char* id;
  Said said;
};

/// Of a known style; of "cinematic" for any other id.
const StylePhrases& style_phrases(std::string_view id);
/// One full clause; the first entry of the table for an unknown id.
const Said& light_phrase(std::string_view id);
const Said& weather_phrase(std::string_view id);
const Said& motion_phrase(std::string_view id);
const Said& particle_phrase(std::string_view id);

} // namespace aigc::preview
