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

struct SheetFiles {
  std::string picture;
  std::string page; ///< empty: none
};

/// Where the sheet that is asked for as `path` goes. Beside FILE.html the picture is
/// FILE.sheet.jpg, a name that posts and films do not have. Throws Error{Fault::settings} for
/// another ending than .html, .jpg, .jpeg or .png, and when `path` cannot be written.
SheetFiles sheet_files(const std::string& path);

/// What cannot be shown is a box that says why. Throws Error{Fault::write}.
void write_sheet(const SheetFiles& files, const std::string& heading,
                 const std::vector<SheetEntry>& entries);

} // namespace aigc::runner
