// SPDX-License-Identifier: LGPL-2.1-or-later
// The words the built-in engines know, in Chinese, English and Japanese. Tables only.
#pragma once

#include <span>

namespace aigc::preview {

/// One thing by all its names; names of one language are separated by '|', the first is the one the
/// writer uses.
struct Names {
  const char* id;
  const char* zh;
  const char* en;
  const char* ja;
};

/// How a subject takes its place in a composition.
enum class Role {
  person,   ///< stands on the ground, may hold, ride or play something
  animal,   ///< stands on the ground
  tall,     ///< trees: frame the picture
  growth,   ///< flowers and other low plants
  building, ///< stands far back
  vehicle,  ///< on the ground, can be ridden
  water,    ///< on or in the water
  sky,      ///< in the air
  played,   ///< an instrument on the ground, before its player
  held,     ///< in a hand, or standing before people
  table,    ///< small: alone it fills the picture, among others it stands in front
};

struct Subject {
  Names names;
  Role role;
  const char* home; ///< place it is drawn in when the words name none; may be empty
};

struct Style {
  Names names;
  const char* light; ///< light it is drawn in when the words name none
};

std::span<const Subject> subjects();
std::span<const Names> places();
std::span<const Names> weathers();
std::span<const Names> lights();
std::span<const Names> motions();
std::span<const Names> particles();
std::span<const Names> moods();
std::span<const Style> styles();
/// Verbs, adjectives and grammar that no picture stands for: never shown as unknown words.
const Names& stop_words();

} // namespace aigc::preview
