// SPDX-License-Identifier: LGPL-2.1-or-later
// See sheet.h. The page is one file without scripts: its small pictures are in it, and lead to the
// files.
#include "sheet.h"

#include "base/error.h"
#include "media/contact_sheet.h"
#include "output_file.h"
#include "store/files.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace aigc::runner {
namespace {

namespace fs = std::filesystem;

constexpr int kSheetQuality = 85; ///< as JPEG
constexpr int kSmallQuality = 80; ///< of the pictures in a page

constexpr const char* kPageHead = R"(<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
body { margin: 1rem; background: #f6f5f2; color: #212126; font: 14px/1.4 "Noto Sans CJK SC", "Noto Sans", sans-serif }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem }
figure { margin: 0 }
img, .box { width: 100%; aspect-ratio: 16 / 9; object-fit: contain; box-sizing: border-box }
img { height: auto; aspect-ratio: auto }
.box { background: #e6e4e0; padding: .6rem; overflow: auto; overflow-wrap: anywhere }
.failed { background: #f7dbd4 }
figcaption b, figcaption small { display: block }
figcaption p { margin: 0; overflow-wrap: anywhere }
small { color: #6b6b73 }
</style>
)";

std::string ending_of(const std::string& path) {
  return take_string(g_ascii_strdown(fs::path(path).extension().c_str(), -1));
}

std::string escaped(const std::string& text) {
  const std::string valid =
      take_string(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  return take_string(g_markup_escape_text(valid.data(), static_cast<gssize>(valid.size())));
}

SheetCard card_of(const SheetEntry& entry, size_t count) {
  SheetCard card{.title = entry.title,
                 .words = entry.words,
                 .note = entry.note,
                 .instead = entry.instead,
                 .failed = entry.failed};
  if (entry.file.empty()) return card;
  try {
    Cancel cancel;
    card.picture = sheet_picture(entry.file, count, cancel);
  } catch (...) {
    card.instead = caught_error().what();
    card.failed = true;
  }
  return card;
}

/// Decoding is most of the work, so all processors take part.
std::vector<SheetCard> cards_of(const std::vector<SheetEntry>& entries) {
  std::vector<SheetCard> cards(std::min(entries.size(), kMaxSheetCards));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < cards.size(); i = next++)
      cards[i] = card_of(entries[i], entries.size());
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::min<size_t>(std::thread::hardware_concurrency(), cards.size()); ++i)
    threads.emplace_back(work);
  work();
  threads.clear();
  return cards;
}

void write_whole(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  std::ofstream stream(file.temporary(), std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  if (!stream)
    throw Error(Fault::write, path + " cannot be written: the disk may be full", "Make room.");
  file.commit();
}

void write_picture(const std::string& path, const Raster& picture) {
  Cancel cancel;
  const char* mime = ending_of(path) == ".png" ? "image/png" : "image/jpeg";
  write_whole(path, view(encode_picture(picture, mime, cancel, kSheetQuality).get()));
}

/// As the page names it: relative to the page.
std::string link_to(const std::string& file, const fs::path& page) {
  const fs::path folder = fs::absolute(page).lexically_normal().parent_path();
  const std::string way = fs::absolute(file).lexically_normal().lexically_relative(folder);
  return take_string(g_uri_escape_string(way.c_str(), "/", FALSE));
}

std::string image_of(const SheetCard& card) {
  Cancel cancel;
  const auto jpeg = encode_picture(card.picture, "image/jpeg", cancel, kSmallQuality);
  const std::string_view bytes = view(jpeg.get());
  return "<img alt=\"\" width=\"" + std::to_string(card.picture.width) + "\" height=\"" +
         std::to_string(card.picture.height) + "\" src=\"data:image/jpeg;base64," +
         take_string(g_base64_encode(reinterpret_cast<const guchar*>(bytes.data()), bytes.size())) +
         "\">";
}

std::string figure_of(const SheetCard& card, const SheetEntry& entry, const std::string& page) {
  const std::string shown = card.picture.rgba.empty()
                                ? std::string("<div class=\"box") + (card.failed ? " failed" : "") +
                                      "\">" + escaped(card.instead) + "</div>"
                                : image_of(card);
  std::string figure = "<figure>\n";
  if (entry.file.empty())
    figure += shown + "\n";
  else
    figure += "<a href=\"" + link_to(entry.file, page) + "\">" + shown + "</a>\n";
  figure += "<figcaption><b>" + escaped(card.title) + "</b>\n";
  if (!card.words.empty()) figure += "<p>" + escaped(card.words) + "</p>\n";
  if (!card.note.empty()) figure += "<small>" + escaped(card.note) + "</small>\n";
  return figure + "</figcaption>\n</figure>\n";
}

std::string page_of(const std::string& heading, const std::vector<SheetCard>& cards,
                    const std::vector<SheetEntry>& entries, const std::string& path) {
  std::string page = kPageHead + std::string("<title>") + escaped(heading) +
                     "</title>\n</head>\n<body>\n<h1>" + escaped(heading) + "</h1>\n<main>\n";
  for (size_t i = 0; i < cards.size(); ++i)
    page += figure_of(cards[i], entries[i], path);
  return page + "</main>\n</body>\n</html>\n";
}

} // namespace

SheetFiles sheet_files(const std::string& path) {
  const std::string ending = ending_of(path);
  if (ending != ".html" && ending != ".jpg" && ending != ".jpeg" && ending != ".png")
    throw Error(Fault::settings, "--sheet=" + path + ": the file name has the wrong ending",
                "Give a name that ends in .html, .jpg, .jpeg or .png.");
  const fs::path folder = fs::absolute(path).parent_path();
  std::error_code error;
  if (!fs::is_directory(folder, error) || access(folder.c_str(), W_OK) != 0 ||
      fs::is_directory(path, error))
    throw Error(Fault::settings, "--sheet=" + path + ": cannot be written",
                "Give a file in a folder you may write to.");
  if (ending != ".html") return {.picture = path, .page = ""};
  return {.picture = fs::path(path).replace_extension(".sheet.jpg").string(), .page = path};
}

void write_sheet(const SheetFiles& files, const std::string& heading,
                 const std::vector<SheetEntry>& entries) {
  const std::vector<SheetCard> cards = cards_of(entries);
  std::string told = heading;
  if (entries.size() > cards.size())
    told += " (the first " + std::to_string(cards.size()) + " of " +
            std::to_string(entries.size()) + ")";
  write_picture(files.picture, draw_sheet(told, cards));
  if (!files.page.empty()) write_whole(files.page, page_of(told, cards, entries, files.page));
}

} // namespace aigc::runner
