// SPDX-License-Identifier: LGPL-2.1-or-later
// Contact sheets as files: a picture, or a page for the browser with the picture beside it.
#pragma once

#include <string>
#include <vector>

namespace aigc::runner {

struct SheetEntry {
  std::string file; ///< a picture or a film; empty: a box with `instead`
  std::string title, words, note;
  std::string instead;
  bool failed = false;
};

/// Throws Error{Fault::settings} when no sheet can be written to `path`: .html, .jpg, .jpeg, .png.
void check_sheet(const std::string& path);

/// Of FILE.html the picture is FILE.jpg. What cannot be shown is a box that says why. Throws
/// Error{Fault::write}.
void write_sheet(const std::string& path, const std::string& heading,
                 const std::vector<SheetEntry>& entries);

} // namespace aigc::runner
