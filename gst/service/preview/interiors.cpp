// SPDX-License-Identifier: LGPL-2.1-or-later
// Rooms, tables, space and the deep: places without a land horizon. See scenery.h.
#include "service/preview/scenery.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

void fill_all(cairo_t* cr, const Frame& frame, double top) {
  cairo_rectangle(cr, -frame.margin_x - 2, top, frame.width + 2 * frame.margin_x + 4,
                  frame.height + frame.margin_y + 4 - top);
  cairo_fill(cr);
}

} // namespace

void paint_nebula(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  set_vertical(cr, 0, frame.height,
               {{0, mix(palette.sky_top, rgb(0x05060f), 0.82)},
                {1, mix(palette.sky_middle, rgb(0x0a0a1c), 0.75)}});
  fill_all(cr, frame, -frame.margin_y - 2);
  cairo_save(cr);
  cairo_translate(cr, frame.width * 0.5, frame.height * 0.4);
  cairo_rotate(cr, random.between(-0.6, -0.25));
  cairo_set_operator(cr, CAIRO_OPERATOR_SCREEN);
  for (int i = 0; i < 34; ++i) {
    const Colour colour = i % 3 == 0   ? palette.tones.accent
                          : i % 3 == 1 ? mix(palette.sky_middle, rgb(0x4a7aff), 0.4)
                                       : palette.horizon;
    glow(cr, random.between(-0.7, 0.7) * frame.width,
         (random.unit() + random.unit() - 1) * frame.unit * 0.2,
         frame.unit * random.between(0.08, 0.3), colour, 0.14);
  }
  cairo_restore(cr);
  for (int i = 0; i < 420; ++i) {
    const bool big = random.below(24) == 0;
    const double x = random.between(-frame.margin_x, frame.width + frame.margin_x),
                 y = random.between(-frame.margin_y, frame.height);
    if (big) glow(cr, x, y, frame.unit * 0.014, rgb(0xdfeaff), 0.6);
    set_colour(cr, rgb(0xfff8ee), random.between(0.3, 1));
    cairo_arc(cr, x, y, std::max(0.5, frame.unit * (big ? 0.0022 : random.between(0.0005, 0.0013))),
              0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_limb(cairo_t* cr, const Frame& frame, const Palette& palette) {
  const double radius = frame.width * 1.25, x = frame.width * 0.42,
               y = frame.ground + radius - frame.unit * 0.06;
  const Colour air = mix(palette.horizon, rgb(0x66b6ff), 0.6);
  set_radial(cr, x, y, radius * 1.06, {{0.93, air, 0.7}, {0.955, air, 0.28}, {1, air, 0}});
  cairo_arc(cr, x, y, radius * 1.06, 0, 2 * M_PI);
  cairo_fill(cr);
  set_radial(cr, x, y, radius,
             {{0.72, rgb(0x06101f)},
              {0.94, mix(rgb(0x0f3a66), palette.sky_top, 0.3)},
              {0.99, mix(air, rgb(0x1f66a8), 0.45)},
              {1, air}});
  cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
  cairo_fill(cr);
}

void paint_depths(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  const Colour surface = mix(palette.horizon, rgb(0x58d0dc), 0.65),
               deep = mix(palette.sky_top, rgb(0x06263c), 0.75);
  set_vertical(cr, -frame.margin_y, frame.height,
               {{0, surface}, {0.35, mix(surface, deep, 0.55)}, {1, deep}});
  fill_all(cr, frame, -frame.margin_y - 2);
  for (int i = 0; i < 9; ++i) {
    const double x = frame.width * random.between(0.05, 0.95),
                 width = frame.unit * random.between(0.03, 0.12),
                 lean = frame.unit * random.between(0.1, 0.35);
    set_vertical(cr, -frame.margin_y, frame.height * 0.9,
                 {{0, rgb(0xe8fff4), 0.28}, {1, rgb(0xe8fff4), 0}});
    cairo_move_to(cr, x, -frame.margin_y - 4);
    cairo_line_to(cr, x + width, -frame.margin_y - 4);
    cairo_line_to(cr, x + width * 2.2 + lean, frame.height * 0.9);
    cairo_line_to(cr, x - width * 0.6 + lean, frame.height * 0.9);
    cairo_fill(cr);
  }
}

void paint_reef(cairo_t* cr, const Frame& frame, double base, const Colour& body, Random& random) {
  paint_ridge(cr, frame, base, frame.unit * 0.07, 0.2, body, mix(body, rgb(0x041018), 0.4), random);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  for (double x = -frame.margin_x; x < frame.width + frame.margin_x;
       x += frame.unit * random.between(0.05, 0.16)) {
    set_colour(cr, mix(body, random.below(3) == 0 ? rgb(0xe07a6a) : rgb(0x2a8a80), 0.18));
    const int kind = random.below(2);
    const double high = frame.unit * random.between(0.06, 0.2);
    for (int i = 0; i < (kind ? 3 : 5); ++i) {
      const double lean = (i - (kind ? 1 : 2)) * high * (kind ? 0.18 : 0.3);
      cairo_set_line_width(cr, high * (kind ? 0.05 : 0.09));
      cairo_move_to(cr, x, base);
      if (kind)
        cairo_curve_to(cr, x + lean + high * 0.2, base - high * 0.4, x + lean - high * 0.2,
                       base - high * 0.8, x + lean + high * 0.1, base - high * 1.3);
      else
        cairo_curve_to(cr, x, base - high * 0.4, x + lean, base - high * 0.4, x + lean,
                       base - high * random.between(0.7, 1));
      cairo_stroke(cr);
    }
  }
}

void paint_room(cairo_t* cr, const Frame& frame, const Palette& palette, bool window_left) {
  const double floor = frame.horizon + frame.unit * 0.08;
  const Colour wall = mix(palette.tones.light, palette.sky_middle, palette.dark ? 0.6 : 0.35);
  const Colour shade = mix(wall, palette.near, 0.55);
  const double x = frame.width * (window_left ? 0.14 : 0.54), y = frame.height * 0.10,
               w = frame.width * 0.32, h = frame.height * 0.44;
  set_colour(cr, mix(wall, shade, 0.3));
  fill_all(cr, frame, -frame.margin_y - 2);
  set_radial(cr, x + w / 2, y + h / 2, frame.width * 0.9, {{0, wall, 1}, {1, shade, 1}});
  fill_all(cr, frame, -frame.margin_y - 2);
  // The window looks on the sky behind.
  set_vertical(cr, y, y + h,
               {{0, palette.sky_top}, {0.6, palette.sky_middle}, {1, palette.horizon}});
  cairo_rectangle(cr, x, y, w, h);
  cairo_fill(cr);
  if (palette.orb_kind != Orb::none) {
    cairo_save(cr);
    cairo_rectangle(cr, x, y, w, h);
    cairo_clip(cr);
    glow(cr, x + w * 0.68, y + h * 0.4, frame.unit * 0.26, palette.orb, 0.8);
    set_colour(cr, palette.orb);
    cairo_arc(cr, x + w * 0.68, y + h * 0.4, frame.unit * 0.035, 0, 2 * M_PI);
    cairo_fill(cr);
    cairo_restore(cr);
  }
  set_colour(cr, mix(palette.tones.dark, wall, 0.15));
  cairo_set_line_width(cr, frame.unit * 0.014);
  cairo_rectangle(cr, x, y, w, h);
  for (int i = 1; i < 3; ++i)
    cairo_move_to(cr, x + w * i / 3, y), cairo_line_to(cr, x + w * i / 3, y + h);
  cairo_move_to(cr, x, y + h * 0.42);
  cairo_line_to(cr, x + w, y + h * 0.42);
  cairo_stroke(cr);
  const Colour wood = mix(palette.ground_near, palette.ground_far, 0.35);
  set_vertical(cr, floor, frame.height,
               {{0, mix(wood, wall, 0.25)}, {1, mix(wood, palette.near, 0.45)}});
  fill_all(cr, frame, floor);
  set_colour(cr, mix(palette.tones.dark, wood, 0.5), 0.35);
  cairo_set_line_width(cr, std::max(1.0, frame.unit * 0.002));
  for (int i = -12; i <= 12; ++i) {
    cairo_move_to(cr, frame.width * 0.5 + i * frame.unit * 0.10, floor);
    cairo_line_to(cr, frame.width * 0.5 + i * frame.unit * 0.26, frame.height + frame.margin_y);
  }
  cairo_stroke(cr);
  // Light from the window on the floor, cut by its bars.
  for (int i = 0; i < 3; ++i) {
    const double at = x + w * i / 3, skew = frame.unit * (window_left ? 0.22 : -0.22);
    set_vertical(cr, floor, frame.height, {{0, palette.orb, 0.42}, {1, palette.orb, 0.08}});
    cairo_move_to(cr, at + skew * 0.3, floor + frame.unit * 0.02);
    cairo_line_to(cr, at + w * 0.29 + skew * 0.3, floor + frame.unit * 0.02);
    cairo_line_to(cr, at + w * 0.29 + skew * 1.3, frame.ground + frame.unit * 0.06);
    cairo_line_to(cr, at + skew * 1.3, frame.ground + frame.unit * 0.06);
    cairo_fill(cr);
  }
}

void paint_bokeh(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  set_vertical(cr, 0, frame.height,
               {{0, mix(palette.sky_middle, palette.near, 0.35)},
                {0.7, mix(palette.horizon, palette.sky_middle, 0.3)},
                {1, palette.horizon}});
  fill_all(cr, frame, -frame.margin_y - 2);
  glow(cr, frame.width * 0.7, frame.height * 0.3, frame.unit * 0.9, palette.orb, 0.5);
  for (int i = 0; i < 46; ++i) {
    const double radius = frame.unit * random.between(0.02, 0.075);
    const Colour colour =
        i % 4 == 0 ? palette.tones.accent2 : mix(palette.orb, palette.tones.glow, random.unit());
    const double x = random.between(0, frame.width), y = frame.height * random.between(0.02, 0.62),
                 alpha = random.between(0.06, 0.2);
    set_radial(cr, x, y, radius,
               {{0, colour, alpha * 0.8},
                {0.85, colour, alpha},
                {0.97, colour, alpha * 1.3},
                {1, colour, 0}});
    cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_table(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  const double top = frame.ground - frame.unit * 0.13;
  const Colour wood = mix(palette.ground_near, palette.ground_far, 0.3);
  set_vertical(cr, top, frame.height,
               {{0, mix(wood, palette.orb, 0.35)},
                {0.12, mix(wood, palette.orb, 0.12)},
                {1, mix(wood, palette.near, 0.4)}});
  fill_all(cr, frame, top);
  glow(cr, frame.width * 0.62, top + frame.unit * 0.05, frame.unit * 0.5, palette.orb, 0.22);
  for (int i = 0; i < 70 && !palette.manner.flat; ++i) {
    const double near = random.unit(),
                 y = top + frame.unit * 0.01 + (frame.height + frame.margin_y - top) * near;
    const double x = random.between(-frame.margin_x, frame.width),
                 length = frame.unit * random.between(0.1, 0.6);
    set_colour(cr, random.below(2) ? mix(wood, palette.near, 0.5) : mix(wood, palette.orb, 0.3),
               0.16);
    cairo_set_line_width(cr, std::max(0.8, frame.unit * (0.001 + 0.004 * near)));
    cairo_move_to(cr, x, y);
    cairo_curve_to(cr, x + length * 0.3, y + frame.unit * 0.004, x + length * 0.6,
                   y - frame.unit * 0.004, x + length, y);
    cairo_stroke(cr);
  }
}

} // namespace aigc::preview
