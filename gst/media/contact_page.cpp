// SPDX-License-Identifier: LGPL-2.1-or-later
// See contact_sheet.h. Here: the page.
#include "media/contact_sheet.h"

namespace aigc {

namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
  body { margin: 2rem; background: #f1f0ec; color: #22252b; font: 15px/1.45 "Noto Sans", "Noto Sans CJK SC", system-ui, sans-serif }
  h1 { margin: 0 } header p { margin: .2rem 0 1.4rem; color: #6b7078 }
  main { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 20px; align-items: start }
  article { background: #fff; border-radius: 8px; overflow: hidden; box-shadow: 1px 2px 2px #0002 }
  img { display: block; width: 100%; height: auto; background: #e4e2dc }
  div { padding: .7rem .9rem } h2 { margin: 0; font-size: 1.1rem } p { margin: .3rem 0; white-space: pre-line; overflow-wrap: anywhere }
  .failed h2, .failed p { color: #b3261e } small { display: block; color: #6b7078 }
</style>
)";

std::string escaped(const std::string& text) {
  return take_string(g_markup_escape_text(text.data(), static_cast<gssize>(text.size())));
}

std::string element(const char* tag, const std::string& text) {
  if (text.empty()) return {};
  return std::string("<") + tag + " dir=\"auto\">" + escaped(text) + "</" + tag + ">";
}

std::string article(const SheetCell& cell) {
  std::string html = cell.failed ? "<article class=\"failed\">" : "<article>";
  if (cell.picture) {
    const PictureInfo info = sniff_picture(cell.picture.get());
    gsize size = 0;
    const auto* data = static_cast<const guchar*>(g_bytes_get_data(cell.picture.get(), &size));
    html += "<img loading=\"lazy\" width=\"" + std::to_string(info.width) + "\" height=\"" +
            std::to_string(info.height) + "\" alt=\"" + escaped(cell.title) +
            "\" src=\"data:" + info.mime + ";base64," + take_string(g_base64_encode(data, size)) +
            "\">";
  }
  html += "<div>" + element("h2", cell.title) + element("p", cell.text);
  for (const auto& note : cell.notes)
    html += element("small", note);
  return html + "</div></article>\n";
}

} // namespace

std::string sheet_page(const Sheet& sheet) {
  std::string html = kHead;
  html += "<title>" + escaped(sheet.title) + "</title></head>\n<body><header>" +
          element("h1", sheet.title) + element("p", sheet.note) + "</header>\n<main>\n";
  for (const auto& cell : sheet.cells)
    html += article(cell);
  return html + "</main></body></html>\n";
}

} // namespace aigc
