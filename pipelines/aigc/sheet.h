// SPDX-License-Identifier: LGPL-2.1-or-later
// Contact sheets as files: a picture, and beside it a page of the same name with .html.
#pragma once

#include "media/contact_sheet.h"

#include <string>
#include <vector>

namespace aigc::runner {

/// Throws Error{Fault::settings} for a name that does not end in .jpg, .jpeg or .png.
void check_sheet_name(const std::string& path);

/// Both files appear whole or not at all. Throws Error{Fault::write}, and as draw_sheet().
void make_sheet(const Sheet& sheet, const std::string& path);

/// A row of a batch.
struct SheetRow {
  std::string title;
  std::string path;    ///< of the file it made; empty when it made none
  std::string failure; ///< why not
  std::vector<std::string> notes;
};

/// A cell for each row: the picture, or one of the film. A file that cannot be looked into is a
/// card that says so.
std::vector<SheetCell> cells_of(const std::vector<SheetRow>& rows);

} // namespace aigc::runner
