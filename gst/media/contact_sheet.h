// SPDX-License-Identifier: LGPL-2.1-or-later
// A contact sheet: many pictures on one, each with its caption.
#pragma once

#include "media/picture.h"

#include <span>
#include <string>

namespace aigc {

/// The most cards of one sheet: its sides stay within what every decoder takes.
inline constexpr size_t kMaxSheetCards = 400;

struct SheetCard {
  std::string title; ///< one line
  std::string words; ///< two lines at most are shown
  std::string note;  ///< one line: what it cost, how it was made
  Raster picture;    ///< small; empty: a box with `instead`
  std::string instead;
  bool failed = false; ///< the box says so by its colour
};

/// The picture of a file, a still or a film's middle one, scaled into the box a sheet of so many
/// cards has for it. Throws Error naming the file when it cannot be read or decoded.
Raster sheet_picture(const std::string& path, size_t cards, Cancel& cancel);

/// The first kMaxSheetCards of `cards` below a heading. With none of them only the heading.
Raster draw_sheet(const std::string& heading, std::span<const SheetCard> cards);

} // namespace aigc
