// SPDX-License-Identifier: LGPL-2.1-or-later
// What the built-in engines understand of a sentence.
#pragma once

#include "service/preview/preview.h"
#include "service/preview/vocabulary.h"

#include <string>
#include <string_view>
#include <vector>

namespace aigc::preview {

enum class Tongue { zh, en, ja };

/// The language asked for, or, for "auto" and "", the one the words are written in.
Tongue tongue_of(std::string_view text, std::string_view asked);

/// What one text names, in order of appearance, each once. Ids are those of the vocabulary.
struct Reading {
  std::vector<const Subject*> subjects;
  std::vector<std::string> places;
  std::vector<std::string> weathers;
  std::vector<std::string> lights;
  std::vector<std::string> motions;
  std::vector<std::string> particles;
  std::vector<std::string> moods;
  std::vector<std::string> styles;
  std::vector<std::string> unknown; ///< the user's words nothing stands for, as written
};

/// Longest match first; English on word borders, with simple plurals.
Reading read_words(std::string_view text);

/// The camera move that suits what is seen, when the words ask for none.
std::string fitting_motion(const Reading& reading);

/// The entry with this id or one of these names, or null.
const Style* find_style(std::string_view name);

} // namespace aigc::preview
