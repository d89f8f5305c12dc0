// SPDX-License-Identifier: LGPL-2.1-or-later
// See contact_sheet.h. Here: the picture.
#include "media/contact_sheet.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <pango/pangocairo.h>

namespace aigc {

namespace {

constexpr int kThumbnailSide = 640;
constexpr int kThumbnailQuality = 88;
constexpr double kCellWidth = 400, kMargin = 32, kGap = 20, kPad = 14, kRound = 8;
constexpr double kTitleSize = 17, kTextSize = 14, kNoteSize = 12, kHeadSize = 30, kHeadNote = 15;
constexpr int kTextLines = 2, kMostNotes = 3;
constexpr double kLine = 1.45; ///< line height, in sizes
constexpr size_t kMostColumns = 6;
constexpr double kSheetShape = 1.5; ///< what width to height is aimed at
constexpr const char* kFonts = "Noto Sans, Noto Sans CJK SC, sans";

constexpr unsigned kPaper = 0xf1f0ec, kCard = 0xffffff, kInk = 0x22252b, kSoft = 0x6b7078,
                   kFrame = 0xe4e2dc, kAlarm = 0xb3261e, kAlarmPaper = 0xfbeceb;

struct Release {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
};
template <typename T> using Held = std::unique_ptr<T, Release>;

void set_colour(cairo_t* cr, unsigned hex) {
  cairo_set_source_rgb(cr, (hex >> 16 & 255) / 255.0, (hex >> 8 & 255) / 255.0,
                       (hex & 255) / 255.0);
}

void rounded(cairo_t* cr, double x, double y, double width, double height, double radius) {
  cairo_new_path(cr);
  cairo_arc(cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
  cairo_arc(cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
  cairo_arc(cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc(cr, x + radius, y + radius, radius, G_PI, 3 * G_PI_2);
  cairo_close_path(cr);
}

struct Writing {
  double size = kTextSize;
  unsigned colour = kInk;
  bool bold = false;
  int lines = 1; ///< at most, the rest as an ellipsis
  bool centred = false;
};

/// The height that was written on.
double write(cairo_t* cr, const std::string& text, double x, double y, double width,
             const Writing& how) {
  Held<PangoLayout> layout(pango_cairo_create_layout(cr));
  Held<PangoFontDescription> font(pango_font_description_from_string(kFonts));
  pango_font_description_set_absolute_size(font.get(), how.size * PANGO_SCALE);
  if (how.bold) pango_font_description_set_weight(font.get(), PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_width(layout.get(), static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_height(layout.get(), -how.lines);
  pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
  if (how.centred) pango_layout_set_alignment(layout.get(), PANGO_ALIGN_CENTER);
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  int height = 0;
  pango_layout_get_pixel_size(layout.get(), nullptr, &height);
  set_colour(cr, how.colour);
  cairo_move_to(cr, x, y);
  pango_cairo_show_layout(cr, layout.get());
  return height;
}

/// A paragraph of a card may be of several.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

Held<cairo_surface_t> make_surface(int width, int height) {
  Held<cairo_surface_t> surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS)
    throw Error(Fault::format,
                "there is no memory for a sheet of " + std::to_string(width) + "x" +
                    std::to_string(height),
                "make one of fewer pictures");
  return surface;
}

Held<cairo_surface_t> surface_of(Raster raster) {
  flatten_picture(raster);
  auto surface = make_surface(raster.width, raster.height);
  auto* rows = cairo_image_surface_get_data(surface.get());
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(surface.get()));
  const auto width = static_cast<size_t>(raster.width);
  for (size_t y = 0; y < static_cast<size_t>(raster.height); ++y) {
    auto* to = reinterpret_cast<std::uint32_t*>(rows + y * stride);
    const std::uint8_t* from = &raster.rgba[4 * width * y];
    for (size_t x = 0; x < width; ++x, from += 4)
      to[x] = 0xff000000u | static_cast<std::uint32_t>(from[0] << 16 | from[1] << 8 | from[2]);
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

Raster raster_of(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  const auto* rows = cairo_image_surface_get_data(surface);
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(surface));
  Raster raster{
      cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), {}};
  const auto width = static_cast<size_t>(raster.width);
  raster.rgba.reserve(4 * width * static_cast<size_t>(raster.height));
  for (size_t y = 0; y < static_cast<size_t>(raster.height); ++y) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(rows + y * stride);
    for (size_t x = 0; x < width; ++x)
      for (const int shift : {16, 8, 0, 24})
        raster.rgba.push_back(static_cast<std::uint8_t>(from[x] >> shift));
  }
  return raster;
}

class Drawing {
 public:
  Drawing(const Sheet& sheet, Cancel& cancel) : sheet_(sheet), cancel_(cancel) {}

  Raster draw() {
    plan();
    const auto width =
        static_cast<int>(2 * kMargin + static_cast<double>(columns_) * (kCellWidth + kGap) - kGap);
    const size_t rows = (count_ + columns_ - 1) / columns_;
    const double body = static_cast<double>(rows) * (cell_height_ + kGap) - (rows ? kGap : 0);
    const double head = head_height();
    const auto height = static_cast<int>(head + body + kMargin + (is_cut() ? 2 * kHeadNote : 0));
    auto surface = make_surface(width, height);
    const Held<cairo_t> context(cairo_create(surface.get()));
    cairo_t* cr = context.get();
    set_colour(cr, kPaper);
    cairo_paint(cr);
    draw_head(cr, width - 2 * kMargin);
    for (size_t i = 0; i < count_; ++i) {
      cancel_.check();
      draw_cell(cr, sheet_.cells[i],
                kMargin + static_cast<double>(i % columns_) * (kCellWidth + kGap),
                head + static_cast<double>(i / columns_) * (cell_height_ + kGap));
    }
    if (is_cut())
      write(cr, "and " + std::to_string(sheet_.cells.size() - count_) + " more, in the page",
            kMargin, height - kMargin, width - 2 * kMargin,
            {.size = kHeadNote, .colour = kSoft, .centred = true});
    return raster_of(surface.get());
  }

 private:
  bool is_cut() const { return count_ < sheet_.cells.size(); }

  /// All pictures have a box of one shape, the middle one of theirs.
  void plan() {
    count_ = std::min(sheet_.cells.size(), kMaxDrawnCells);
    std::vector<double> shapes;
    size_t notes = 0;
    bool has_text = false;
    for (size_t i = 0; i < count_; ++i) {
      const SheetCell& cell = sheet_.cells[i];
      notes = std::max(notes, cell.notes.size());
      has_text = has_text || (cell.picture && !cell.text.empty());
      if (!cell.picture) continue;
      const PictureInfo info = sniff_picture(cell.picture.get());
      shapes.push_back(static_cast<double>(info.width) / info.height);
    }
    std::sort(shapes.begin(), shapes.end());
    const double shape = shapes.empty() ? 16.0 / 9 : shapes[shapes.size() / 2];
    box_height_ = std::round(kCellWidth / std::clamp(shape, 0.5, 3.0));
    notes_ = std::min<size_t>(notes, kMostNotes);
    text_height_ = has_text ? kTextLines * kTextSize * kLine + 4 : 0;
    cell_height_ = std::ceil(box_height_ + kPad + kTitleSize * kLine + text_height_ +
                             static_cast<double>(notes_) * kNoteSize * kLine + kPad);
    const auto wanted = static_cast<size_t>(std::lround(
        std::sqrt(static_cast<double>(count_) * kSheetShape * cell_height_ / kCellWidth)));
    columns_ =
        count_ <= 3 ? std::max<size_t>(count_, 1) : std::clamp<size_t>(wanted, 2, kMostColumns);
  }

  double head_height() const {
    double height = kMargin;
    if (!sheet_.title.empty()) height += kHeadSize * kLine;
    if (!sheet_.note.empty()) height += kHeadNote * kLine;
    return std::ceil(height + (height > kMargin ? kGap : 0));
  }

  void draw_head(cairo_t* cr, double width) const {
    double y = kMargin - 8;
    if (!sheet_.title.empty())
      y += std::max(write(cr, sheet_.title, kMargin, y, width, {.size = kHeadSize, .bold = true}),
                    kHeadSize * kLine);
    if (!sheet_.note.empty())
      write(cr, sheet_.note, kMargin, y, width, {.size = kHeadNote, .colour = kSoft});
  }

  void draw_cell(cairo_t* cr, const SheetCell& cell, double x, double y) const {
    rounded(cr, x + 1, y + 2, kCellWidth, cell_height_, kRound); // a shadow
    set_colour(cr, kFrame);
    cairo_fill(cr);
    rounded(cr, x, y, kCellWidth, cell_height_, kRound);
    set_colour(cr, kCard);
    cairo_fill(cr);
    cairo_save(cr);
    rounded(cr, x, y, kCellWidth, cell_height_, kRound);
    cairo_clip(cr);
    if (cell.picture)
      draw_picture(cr, cell, x, y);
    else
      draw_card(cr, cell, x, y);
    cairo_restore(cr);
    const double left = x + kPad, width = kCellWidth - 2 * kPad;
    double at = y + box_height_ + kPad - 4;
    write(cr, on_one_line(cell.title), left, at, width,
          {.size = kTitleSize, .colour = cell.failed ? kAlarm : kInk, .bold = true});
    at += kTitleSize * kLine;
    if (cell.picture) write(cr, on_one_line(cell.text), left, at, width, {.lines = kTextLines});
    at += text_height_;
    for (size_t i = 0; i < std::min(cell.notes.size(), notes_); ++i, at += kNoteSize * kLine)
      write(cr, on_one_line(cell.notes[i]), left, at, width, {.size = kNoteSize, .colour = kSoft});
  }

  void draw_picture(cairo_t* cr, const SheetCell& cell, double x, double y) const {
    const auto picture = surface_of(decode_picture(cell.picture.get(), cancel_));
    const double width = cairo_image_surface_get_width(picture.get());
    const double height = cairo_image_surface_get_height(picture.get());
    const double scale = std::min(kCellWidth / width, box_height_ / height);
    cairo_rectangle(cr, x, y, kCellWidth, box_height_);
    set_colour(cr, kFrame);
    cairo_fill(cr);
    cairo_save(cr);
    cairo_translate(cr, x + (kCellWidth - width * scale) / 2,
                    y + (box_height_ - height * scale) / 2);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, picture.get(), 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BEST);
    cairo_paint(cr);
    cairo_restore(cr);
  }

  void draw_card(cairo_t* cr, const SheetCell& cell, double x, double y) const {
    constexpr double inset = 24;
    cairo_rectangle(cr, x, y, kCellWidth, box_height_);
    set_colour(cr, cell.failed ? kAlarmPaper : kFrame);
    cairo_fill(cr);
    const Writing how{
        .colour = cell.failed ? kAlarm : kInk,
        .lines = std::max(1, static_cast<int>((box_height_ - 2 * inset) / (kTextSize * kLine)))};
    write(cr, cell.text, x + inset, y + inset, kCellWidth - 2 * inset, how);
  }

  const Sheet& sheet_;
  Cancel& cancel_;
  size_t count_ = 0, columns_ = 1, notes_ = 0;
  double box_height_ = 0, text_height_ = 0, cell_height_ = 0;
};

} // namespace

Ref<GBytes> sheet_picture(const Raster& picture, Cancel& cancel) {
  const double scale =
      static_cast<double>(kThumbnailSide) / std::max(picture.width, picture.height);
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  Raster small =
      scale < 1 ? fit_picture(picture, scaled(picture.width), scaled(picture.height)) : picture;
  flatten_picture(small);
  return encode_picture(small, "image/jpeg", cancel, kThumbnailQuality);
}

Raster draw_sheet(const Sheet& sheet, Cancel& cancel) {
  return Drawing(sheet, cancel).draw();
}

} // namespace aigc
