// SPDX-License-Identifier: LGPL-2.1-or-later
// A title set in lines: as large as it can be in the space it has.
#pragma once

#include <string>
#include <vector>

namespace aigc::runner {

struct TitleText {
  std::vector<std::string> lines;
  int size = 0; ///< of the font, pixels
  int height = 0;
};

struct TitleSpace {
  int width = 0, height = 0;     ///< pixels
  int largest = 0, smallest = 0; ///< sizes of the font, pixels
};

/// Breaks `text` into lines of even length. One line is better than two, two are better than
/// small letters. No lines come back when it does not fit at all.
TitleText set_title(const std::string& text, const std::string& font, const std::string& language,
                    const TitleSpace& space);

/// The lines as Pango markup that shows nothing but them, on one line.
std::string title_markup(const TitleText& title, const std::string& language);

} // namespace aigc::runner
