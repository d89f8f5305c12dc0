// SPDX-License-Identifier: LGPL-2.1-or-later
// See sheet.h.
#include "sheet.h"

#include "base/error.h"
#include "media/last_frame.h"
#include "store/files.h"

#include <filesystem>

namespace aigc::runner {
namespace {

constexpr double kShownAt = 0.4; ///< of a film: after its beginning, before its end

std::string ending_of(const std::string& path) {
  return take_string(g_ascii_strdown(std::filesystem::path(path).extension().c_str(), -1));
}

Ref<GBytes> picture_in(const std::string& path, Cancel& cancel) {
  const std::string ending = ending_of(path);
  if (ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".webp") {
    auto bytes = read_file(path);
    if (!bytes) throw Error(Fault::read, path + " cannot be read", "look at its permissions");
    return bytes;
  }
  const std::string whole = std::filesystem::absolute(path);
  const auto clip =
      probe_clip(take_string(g_filename_to_uri(whole.c_str(), nullptr, nullptr)), cancel);
  const double seconds = static_cast<double>(clip.span) / GST_SECOND;
  return last_frame_of(clip, seconds * kShownAt, cancel);
}

SheetCell cell_of(const SheetRow& row, Cancel& cancel) {
  SheetCell cell{.title = row.title, .text = row.failure, .notes = row.notes};
  cell.failed = row.path.empty();
  if (cell.failed) return cell;
  try {
    const auto picture = picture_in(row.path, cancel);
    cell.picture = sheet_picture(decode_picture(picture.get(), cancel), cancel);
  } catch (const Error& error) {
    cell.text = error.what();
    cell.failed = true;
  }
  return cell;
}

} // namespace

void check_sheet_name(const std::string& path) {
  const std::string ending = ending_of(path);
  if (ending == ".jpg" || ending == ".jpeg" || ending == ".png") return;
  throw Error(Fault::settings, "the sheet " + path + " is no .jpg, .jpeg or .png",
              "Give the name of a picture; the page beside it is made of that name.");
}

void make_sheet(const Sheet& sheet, const std::string& path) {
  check_sheet_name(path);
  Cancel cancel;
  const char* mime = ending_of(path) == ".png" ? "image/png" : "image/jpeg";
  const auto picture = encode_picture(draw_sheet(sheet, cancel), mime, cancel);
  write_file(path, view(picture.get()));
  write_file(std::filesystem::path(path).replace_extension(".html"), sheet_page(sheet));
}

std::vector<SheetCell> cells_of(const std::vector<SheetRow>& rows) {
  Cancel cancel;
  std::vector<SheetCell> cells;
  for (const auto& row : rows)
    cells.push_back(cell_of(row, cancel));
  return cells;
}

} // namespace aigc::runner
