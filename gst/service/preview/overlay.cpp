// SPDX-License-Identifier: LGPL-2.1-or-later
// What lies over the picture and does not move: the PREVIEW tag, and the card with the words
// nothing was drawn for.
#include "service/preview/brand_colours.h"
#include "service/preview/layers.h"

#include <algorithm>
#include <cmath>

#include <pango/pangocairo.h>

namespace aigc::preview {
namespace {

/// The letters as strokes in a box of 4 by 6: starting the font system would cost 100 ms.
constexpr const char* kTag[] = {"L 1 0 6 0 0 3 0 4 1 4 2 3 3 0 3",
                                "L 1 0 6 0 0 3 0 4 1 4 2 3 3 0 3 L 1 2 3 4 6",
                                "L 1 4 0 0 0 0 6 4 6 L 1 0 3 3 3",
                                "L 1 0 0 2 6 4 0",
                                "L 1 2 0 2 6",
                                "L 1 4 0 0 0 0 6 4 6 L 1 0 3 3 3",
                                "L 1 0 0 1 6 2 2 3 6 4 0"};

void rounded(cairo_t* cr, double x, double y, double w, double h, double r) {
  cairo_new_path(cr);
  cairo_arc(cr, x + w - r, y + r, r, -M_PI / 2, 0);
  cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI / 2);
  cairo_arc(cr, x + r, y + h - r, r, M_PI / 2, M_PI);
  cairo_arc(cr, x + r, y + r, r, M_PI, 1.5 * M_PI);
  cairo_close_path(cr);
}

struct GObjectRelease {
  void operator()(gpointer object) const { g_object_unref(object); }
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : "  ·  ") + word;
  return text;
}

/// Text set in at most `lines` lines of `width` pixels, the rest as an ellipsis.
std::unique_ptr<PangoLayout, GObjectRelease> set_text(cairo_t* cr, const std::string& text,
                                                      double size, double width, int lines) {
  std::unique_ptr<PangoLayout, GObjectRelease> layout(pango_cairo_create_layout(cr));
  PangoFontDescription* font =
      pango_font_description_from_string("Noto Sans CJK SC, Noto Sans, sans");
  pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
  pango_layout_set_font_description(layout.get(), font);
  pango_font_description_free(font);
  pango_layout_set_width(layout.get(), static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_height(layout.get(), -lines);
  pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  return layout;
}

/// A small card in the lower corner, below the feet of the figures; with nothing drawn from the
/// words, a large one in the middle of the scene.
void paint_card(Painting& painting, const Plan& plan) {
  const Frame& frame = painting.frame;
  const std::string text = joined(plan.reading.unknown);
  const bool hero = plan.reading.subjects.empty();
  const double size = std::max(6.0, frame.unit * (hero ? 0.062 : 0.030)),
               pad = size * (hero ? 0.9 : 0.55);
  const double bar = size * 0.16;
  Canvas scratch(2, 2);
  const auto layout =
      set_text(scratch.cr(), text, size, frame.width * (hero ? 0.62 : 0.72), hero ? 3 : 1);
  int text_width = 0, text_height = 0;
  pango_layout_get_pixel_size(layout.get(), &text_width, &text_height);
  const double width = text_width + 2 * pad + bar, height = text_height + pad * (hero ? 1.6 : 0.9);
  const double x = hero ? (frame.width - width) / 2 : frame.unit * 0.03;
  const double y =
      hero ? frame.height * 0.44 - height / 2 : frame.height - height - frame.unit * 0.022;
  Layer layer = make_box(x - size, y - size, x + width + size, y + height + size, 0);
  cairo_t* cr = layer.canvas.cr();
  const BrandColours brand(plan.setting.brand);
  const Colour paper = brand.dressed(hero ? rgb(0xfbf6ea) : rgb(0x12141c)),
               ink = brand.dressed(hero ? rgb(0x2a2630) : rgb(0xfdf8ee));
  if (hero)
    for (int i = 4; i > 0; --i) {
      rounded(cr, x - i, y + size * 0.12 - i, width + 2 * i, height + 2 * i, size * 0.2 + i);
      set_colour(cr, rgb(0x000000), 0.07);
      cairo_fill(cr);
    }
  rounded(cr, x, y, width, height, size * 0.2);
  set_colour(cr, paper, hero ? 0.93 : 0.62);
  cairo_fill(cr);
  set_colour(cr, painting.palette.tones.accent);
  cairo_rectangle(cr, x + pad * 0.45, y + height * 0.2, bar, height * 0.6);
  cairo_fill(cr);
  set_colour(cr, ink);
  cairo_move_to(cr, x + pad + bar, y + (height - text_height) / 2);
  pango_cairo_show_layout(cr, layout.get());
  layer.fixed = true;
  painting.layers.push_back(std::move(layer));
}

} // namespace

void paint_tag(Painting& painting) {
  const Frame& frame = painting.frame;
  const double size = std::max(0.5, frame.unit * 0.0026), pad = 4 * size,
               width = 7 * 6.4 * size - 2.4 * size + 2 * pad, height = 6 * size + 2 * pad;
  const double x = frame.width - width - frame.unit * 0.025, y = frame.unit * 0.025;
  Layer layer = make_box(x - 1, y - 1, x + width + 1, y + height + 1, 0);
  cairo_t* cr = layer.canvas.cr();
  rounded(cr, x, y, width, height, height * 0.3);
  set_colour(cr, rgb(0x10121a), 0.42);
  cairo_fill(cr);
  cairo_translate(cr, x + pad, y + pad);
  cairo_scale(cr, size, size);
  Tones tones;
  tones.dark = rgb(0xffffff);
  for (const char* letter : kTag) {
    draw_shape(cr, letter, tones, nullptr, 0.88);
    cairo_translate(cr, 6.4, 0);
  }
  layer.fixed = true;
  painting.layers.push_back(std::move(layer));
}

void paint_overlay(Painting& painting, const Plan& plan) {
  if (!plan.reading.unknown.empty()) paint_card(painting, plan);
  paint_tag(painting);
}

} // namespace aigc::preview
