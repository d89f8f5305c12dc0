// SPDX-License-Identifier: LGPL-2.1-or-later
// See contact_sheet.h.
#include "media/contact_sheet.h"

#include "base/error.h"
#include "media/last_frame.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <pango/pangocairo.h>

namespace aigc {
namespace {

constexpr size_t kOneRow = 3; ///< so many cards are not worth a second row
constexpr int kMostColumns = 8;
constexpr int kRowWidth = 1920; ///< shared by the cards of a row
constexpr int kWidest = 480;
constexpr int kGap = 16;
constexpr double kTitle = 15, kText = 13, kHeading = 22; ///< sizes of the letters
constexpr int kWordLines = 2;
constexpr int kCaption = 4 + 22 + kWordLines * 20 + 20 + kGap; ///< below a picture, with the gap
constexpr int kHeadingHeight = 64;

struct Colour {
  double red, green, blue;
};
constexpr Colour kPaper{0.965, 0.961, 0.949}, kInk{0.13, 0.13, 0.15}, kFaint{0.42, 0.42, 0.45},
    kBox{0.90, 0.895, 0.88}, kFailed{0.97, 0.86, 0.83};

int columns_for(size_t cards) {
  if (cards <= kOneRow) return std::max(1, static_cast<int>(cards));
  const auto side = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(cards))));
  return std::clamp(side, 1, kMostColumns);
}

int card_width(size_t cards) {
  return std::min(kWidest, kRowWidth / columns_for(cards));
}

int tallest(int width) {
  return width * 5 / 4;
}

struct FreeSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* cr) const { cairo_destroy(cr); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeSurface>;
using Pen = std::unique_ptr<cairo_t, FreeSurface>;

void set_colour(cairo_t* cr, const Colour& colour) {
  cairo_set_source_rgb(cr, colour.red, colour.green, colour.blue);
}

Surface make_surface(int width, int height) {
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS)
    throw Error(Fault::write,
                "there is no memory for a sheet of " + std::to_string(width) + "x" +
                    std::to_string(height),
                "make a sheet of fewer pictures");
  return surface;
}

/// Cairo keeps a pixel as one number of 32 bits.
Surface surface_of(Raster raster) {
  flatten_picture(raster);
  Surface surface = make_surface(raster.width, raster.height);
  unsigned char* rows = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  const std::uint8_t* from = raster.rgba.data();
  for (int y = 0; y < raster.height; ++y)
    for (int x = 0; x < raster.width; ++x, from += 4) {
      const std::uint32_t pixel =
          static_cast<std::uint32_t>(from[0] << 16 | from[1] << 8 | from[2]);
      std::memcpy(rows + y * stride + x * 4, &pixel, sizeof pixel);
    }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

Raster raster_of(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  Raster raster{
      cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), {}};
  raster.rgba.reserve(size_t(4) * static_cast<size_t>(raster.width) *
                      static_cast<size_t>(raster.height));
  const unsigned char* rows = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < raster.height; ++y)
    for (int x = 0; x < raster.width; ++x) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, rows + y * stride + x * 4, sizeof pixel);
      for (const int shift : {16, 8, 0})
        raster.rgba.push_back(static_cast<std::uint8_t>(pixel >> shift));
      raster.rgba.push_back(0xff);
    }
  return raster;
}

struct Place {
  int x, y, width;
};

struct Style {
  double size;
  int lines;
  Colour colour = kInk;
  bool bold = false;
  bool centred = false;
};

/// Returns the height of the text; what is too long ends in an ellipsis.
int write(cairo_t* cr, const std::string& text, const Place& place, const Style& style) {
  if (text.empty()) return 0;
  PangoLayout* layout = pango_cairo_create_layout(cr);
  PangoFontDescription* font =
      pango_font_description_from_string("Noto Sans CJK SC, Noto Sans, sans");
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  if (style.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  pango_layout_set_width(layout, place.width * PANGO_SCALE);
  pango_layout_set_height(layout, -style.lines);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
  if (style.centred) pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
  if (style.lines == 1) pango_layout_set_single_paragraph_mode(layout, TRUE);
  const std::string valid =
      take_string(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  pango_layout_set_text(layout, valid.data(), static_cast<int>(valid.size()));
  set_colour(cr, style.colour);
  cairo_move_to(cr, place.x, place.y);
  pango_cairo_show_layout(cr, layout);
  int height = 0;
  pango_layout_get_pixel_size(layout, nullptr, &height);
  g_object_unref(layout);
  return height;
}

void draw_picture(cairo_t* cr, const SheetCard& card, const Place& place, int height) {
  const Raster& picture = card.picture;
  if (picture.rgba.empty()) {
    set_colour(cr, card.failed ? kFailed : kBox);
    cairo_rectangle(cr, place.x, place.y, place.width, height);
    cairo_fill(cr);
    const int lines = std::max(1, (height - 20) / 20);
    write(cr, card.instead, {place.x + 12, place.y + 10, place.width - 24},
          {.size = kText, .lines = lines});
    return;
  }
  const Surface surface = surface_of(picture);
  cairo_set_source_surface(cr, surface.get(), place.x + (place.width - picture.width) / 2,
                           place.y + (height - picture.height) / 2);
  cairo_rectangle(cr, place.x, place.y, place.width, height);
  cairo_fill(cr);
}

void draw_card(cairo_t* cr, const SheetCard& card, Place place, int picture_height) {
  draw_picture(cr, card, place, picture_height);
  place.y += picture_height + 4;
  write(cr, card.title, place, {.size = kTitle, .lines = 1, .bold = true});
  place.y += 22;
  place.y += write(cr, card.words, place, {.size = kText, .lines = kWordLines});
  write(cr, card.note, place, {.size = kText, .lines = 1, .colour = kFaint});
}

/// Each row is as high as its highest picture.
class Grid {
 public:
  explicit Grid(std::span<const SheetCard> cards)
      : cards_(cards), columns_(static_cast<size_t>(columns_for(cards.size()))),
        width_(card_width(cards.size())) {
    for (size_t i = 0; i < cards.size(); i += columns_) {
      int highest = 0;
      for (const auto& card : row(i))
        highest = std::max(highest, card.picture.height);
      heights_.push_back(std::min(highest ? highest : width_ * 9 / 16, tallest(width_)));
    }
  }

  int across() const { return static_cast<int>(columns_) * (width_ + kGap) + kGap; }
  int down() const {
    int sum = kHeadingHeight + kGap;
    for (const int height : heights_)
      sum += height + kCaption;
    return sum;
  }

  void draw(cairo_t* cr) const {
    int y = kHeadingHeight;
    for (size_t i = 0; i < heights_.size(); ++i) {
      int x = kGap;
      for (const auto& card : row(i * columns_)) {
        draw_card(cr, card, {x, y, width_}, heights_[i]);
        x += width_ + kGap;
      }
      y += heights_[i] + kCaption;
    }
  }

 private:
  std::span<const SheetCard> row(size_t first) const {
    return cards_.subspan(first, std::min(columns_, cards_.size() - first));
  }

  std::span<const SheetCard> cards_;
  size_t columns_;
  int width_;
  std::vector<int> heights_; ///< of the pictures, by row
};

Ref<GBytes> bytes_of(const std::string& path) {
  gchar* text = nullptr;
  gsize size = 0;
  ErrorSlot error;
  if (!g_file_get_contents(path.c_str(), &text, &size, error.out()))
    throw Error(Fault::read, path + " cannot be read: " + error.message(), "check the file");
  return adopt(g_bytes_new_take(text, size));
}

Ref<GBytes> middle_of(const std::string& path, Cancel& cancel) {
  ErrorSlot error;
  const std::string uri = take_string(gst_filename_to_uri(path.c_str(), error.out()));
  if (uri.empty()) throw Error(Fault::read, path + ": " + error.message(), "check the file");
  const ClipInfo clip = probe_clip(uri, cancel);
  return last_frame_of(clip, static_cast<double>(clip.span) / GST_SECOND / 2, cancel);
}

} // namespace

Raster sheet_picture(const std::string& path, size_t cards, Cancel& cancel) {
  const auto bytes = sniff_picture_file(path) ? bytes_of(path) : middle_of(path, cancel);
  const Raster whole = decode_picture(bytes.get(), cancel);
  const int width = card_width(std::min(cards, kMaxSheetCards));
  const double shrink =
      std::min({1.0, double(width) / whole.width, double(tallest(width)) / whole.height});
  const auto side = [shrink](int length) {
    return std::max(1, static_cast<int>(std::lround(length * shrink)));
  };
  return fit_picture(whole, side(whole.width), side(whole.height));
}

Raster draw_sheet(const std::string& heading, std::span<const SheetCard> cards) {
  const Grid grid(cards.first(std::min(cards.size(), kMaxSheetCards)));
  const Surface surface = make_surface(grid.across(), grid.down());
  const Pen pen(cairo_create(surface.get()));
  set_colour(pen.get(), kPaper);
  cairo_paint(pen.get());
  write(pen.get(), heading, {kGap, kGap, grid.across() - 2 * kGap},
        {.size = kHeading, .lines = 1, .bold = true});
  grid.draw(pen.get());
  return raster_of(surface.get());
}

} // namespace aigc
