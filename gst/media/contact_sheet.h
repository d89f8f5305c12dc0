// SPDX-License-Identifier: LGPL-2.1-or-later
// Many pictures on one, with what there is to say about each: as a picture and as a page.
#pragma once

#include "media/picture.h"

#include <string>
#include <vector>

namespace aigc {

struct SheetCell {
  std::string title;
  std::string text;               ///< what was asked for, or why there is nothing
  std::vector<std::string> notes; ///< small, one below the other
  Ref<GBytes> picture;            ///< of sheet_picture(); none: a card of the text
  bool failed = false;
};

struct Sheet {
  std::string title;
  std::string note; ///< below the title
  std::vector<SheetCell> cells;
};

/// Cells that fit on the picture; the page has all.
inline constexpr size_t kMaxDrawnCells = 240;

/// Small enough to keep many of, as JPEG. Throws as encode_picture().
Ref<GBytes> sheet_picture(const Raster& picture, Cancel& cancel);

/// Pictures keep their shape. Throws as decode_picture().
Raster draw_sheet(const Sheet& sheet, Cancel& cancel);

/// HTML that needs no other file.
std::string sheet_page(const Sheet& sheet);

} // namespace aigc
