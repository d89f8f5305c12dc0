// SPDX-License-Identifier: LGPL-2.1-or-later
// Land, water, woods and towns. See scenery.h.
#include "service/preview/scenery.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

double left(const Frame& frame) {
  return -frame.margin_x - 2;
}
double right(const Frame& frame) {
  return frame.width + frame.margin_x + 2;
}
double bottom(const Frame& frame) {
  return frame.height + frame.margin_y + 2;
}

/// Sums of sines with random phases: smooth, and the same everywhere.
class Wave {
 public:
  Wave(double roughness, Random& random) : roughness_(roughness) {
    for (double& phase : phases_)
      phase = random.between(0, 2 * M_PI);
  }
  /// About -1..1.
  double at(double x) const {
    double sum = 0, weight = 1, total = 0, rate = 1;
    for (const double phase : phases_) {
      sum += weight * (roughness_ > 0.3 ? 1 - 2 * std::abs(std::sin(x * rate + phase))
                                        : std::sin(x * rate + phase));
      total += weight;
      weight *= 0.28 + 0.3 * roughness_;
      rate *= 2.13;
    }
    return sum / total;
  }

 private:
  double roughness_;
  std::array<double, 7> phases_{};
};

} // namespace

void paint_ridge(cairo_t* cr, const Frame& frame, double base, double height, double roughness,
                 const Colour& top, const Colour& foot, Random& random) {
  const Wave wave(roughness, random);
  const double stretch = 2.6 / frame.unit;
  const double step = std::max(1.5, frame.unit * 0.004);
  cairo_new_path(cr);
  cairo_move_to(cr, left(frame), bottom(frame));
  for (double x = left(frame); x < right(frame) + step; x += step)
    cairo_line_to(cr, x, base - height * (0.5 + 0.5 * wave.at(x * stretch)));
  cairo_line_to(cr, right(frame), bottom(frame));
  cairo_close_path(cr);
  set_vertical(cr, base - height, base + height * 0.25,
               {{0, top}, {0.5, mix(top, foot, 0.35)}, {1, foot}});
  cairo_fill(cr);
}

void paint_ground(cairo_t* cr, const Frame& frame, const Palette& palette, Ground ground,
                  Random& random) {
  const double top = frame.horizon;
  const Wave wave(0.0, random);
  cairo_move_to(cr, left(frame), bottom(frame));
  for (double x = left(frame); x < right(frame) + 8; x += 8)
    cairo_line_to(cr, x,
                  top + frame.unit *
                            (ground == Ground::street || ground == Ground::stone ? 0.0 : 0.012) *
                            wave.at(x / frame.unit * 2));
  cairo_line_to(cr, right(frame), bottom(frame));
  cairo_close_path(cr);
  set_vertical(cr, top, bottom(frame),
               {{0, palette.ground_far},
                {0.35, mix(palette.ground_far, palette.ground_near, 0.6)},
                {1, palette.ground_near}});
  cairo_fill(cr);
  if (palette.manner.flat) return;
  // Strokes that grow towards the viewer give the plane its depth.
  const int strokes = ground == Ground::snow || ground == Ground::moon ? 60 : 170;
  for (int i = 0; i < strokes; ++i) {
    const double near = random.unit() * random.unit();
    const double y = top + (bottom(frame) - top) * (0.03 + 0.97 * near),
                 x = random.between(left(frame), right(frame));
    const double length = frame.unit * (0.02 + 0.16 * near);
    set_colour(cr,
               random.below(2) ? mix(palette.ground_far, palette.orb, 0.15) : palette.ground_near,
               0.18);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, length, length * (ground == Ground::moon ? 0.22 : 0.05));
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cr);
    cairo_fill(cr);
  }
  if (ground != Ground::street) return;
  // A wet street gives the sky back.
  set_vertical(
      cr, top, bottom(frame),
      {{0, palette.horizon, 0.55}, {0.5, palette.sky_middle, 0.22}, {1, palette.sky_top, 0}});
  cairo_rectangle(cr, left(frame), top, right(frame) - left(frame), bottom(frame) - top);
  cairo_fill(cr);
  if (!palette.dark) return;
  for (int i = 0; i < 26; ++i) {
    const Colour colour = i % 3 == 0   ? palette.tones.accent
                          : i % 3 == 1 ? palette.tones.accent2
                                       : palette.tones.glow;
    const double x = random.between(left(frame), right(frame)),
                 width = frame.unit * random.between(0.006, 0.03);
    const double y = top + frame.unit * 0.02, length = frame.unit * random.between(0.08, 0.3);
    set_vertical(cr, y, y + length, {{0, colour, 0.45}, {1, colour, 0}});
    cairo_rectangle(cr, x, y, width, length);
    cairo_fill(cr);
  }
}

void paint_water(cairo_t* cr, const Frame& frame, const Palette& palette, double orb_x,
                 Random& random) {
  const double top = frame.horizon, depth = bottom(frame) - top;
  set_vertical(cr, top, bottom(frame),
               {{0, palette.ground_far},
                {0.3, mix(palette.ground_far, palette.ground_near, 0.5)},
                {1, palette.ground_near}});
  cairo_rectangle(cr, left(frame), top, right(frame) - left(frame), depth);
  cairo_fill(cr);
  const auto ripple = [&](double x, double y, double length, double thick, const Colour& colour,
                          double alpha) {
    set_colour(cr, colour, alpha);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, length, thick);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cr);
    cairo_fill(cr);
  };
  for (int i = 0; i < 260; ++i) {
    const double near = random.unit() * random.unit();
    const Colour colour = random.below(3) ? mix(palette.horizon, palette.sky_middle, random.unit())
                                          : mix(palette.ground_near, rgb(0x000010), 0.25);
    ripple(random.between(left(frame), right(frame)), top + depth * (0.01 + near),
           frame.unit * (0.02 + 0.14 * near), std::max(0.6, frame.unit * (0.0012 + 0.007 * near)),
           colour, 0.30);
  }
  // The path of light below sun or moon.
  for (int i = 0; i < 150 && (palette.orb_kind != Orb::none || palette.dark); ++i) {
    const double near = random.unit();
    const double spread = frame.unit * (0.02 + 0.13 * near);
    ripple(orb_x + (random.unit() + random.unit() - 1) * spread,
           top + depth * 0.95 * near * near + 1, frame.unit * (0.006 + 0.035 * near),
           std::max(0.6, frame.unit * (0.0012 + 0.0035 * near)), palette.orb, 0.75 - 0.45 * near);
  }
}

void paint_shore(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  const double edge = frame.ground - frame.unit * 0.07;
  const Wave wave(0.0, random);
  const auto line = [&](double offset) {
    cairo_new_path(cr);
    cairo_move_to(cr, left(frame), bottom(frame));
    for (double x = left(frame); x < right(frame) + 8; x += 8)
      cairo_line_to(cr, x, edge + offset + frame.unit * 0.025 * wave.at(x / frame.unit * 2.2));
    cairo_line_to(cr, right(frame), bottom(frame));
    cairo_close_path(cr);
  };
  const Colour sand = mix(palette.tones.light, rgb(0xd9b67a), 0.45);
  line(-frame.unit * 0.016);
  set_colour(cr, palette.tones.white, 0.75);
  cairo_fill(cr);
  line(-frame.unit * 0.004);
  set_vertical(
      cr, edge, bottom(frame),
      {{0, mix(sand, palette.ground_near, 0.45)}, {0.3, sand}, {1, mix(sand, palette.near, 0.35)}});
  cairo_fill(cr);
}

void paint_trunks(cairo_t* cr, const Frame& frame, double base, double size, const Colour& body,
                  Random& random) {
  const double step = frame.unit * 0.10 * (0.5 + size);
  for (double x = left(frame) - step; x < right(frame) + step;
       x += step * random.between(0.55, 1.3)) {
    const double height = frame.unit * size * random.between(0.75, 1.15),
                 foot = base + frame.unit * 0.03 * random.unit();
    if (random.below(3)) { // a conifer of four skirts
      set_vertical(cr, foot - height, foot, {{0, body}, {1, mix(body, rgb(0x0a1010), 0.12)}});
      for (int i = 0; i < 4; ++i) {
        const double tip = foot - height + height * 0.2 * i, low = tip + height * (0.22 + 0.06 * i),
                     half = height * (0.07 + 0.045 * i);
        cairo_move_to(cr, x, tip);
        cairo_curve_to(cr, x + half * 0.3, tip + (low - tip) * 0.6, x + half * 0.7,
                       low - height * 0.03, x + half, low);
        cairo_line_to(cr, x - half, low);
        cairo_curve_to(cr, x - half * 0.7, low - height * 0.03, x - half * 0.3,
                       tip + (low - tip) * 0.6, x, tip);
      }
      cairo_rectangle(cr, x - height * 0.018, foot - height * 0.2, height * 0.036,
                      height * 0.2 + frame.unit * 0.05);
      cairo_fill(cr);
    } else { // a round crown
      set_colour(cr, body);
      cairo_rectangle(cr, x - height * 0.022, foot - height * 0.5, height * 0.044,
                      height * 0.5 + frame.unit * 0.05);
      cairo_fill(cr);
      for (int i = 0; i < 9; ++i) {
        cairo_arc(cr, x + height * random.between(-0.2, 0.2),
                  foot - height * random.between(0.45, 0.88), height * random.between(0.09, 0.16),
                  0, 2 * M_PI);
        cairo_fill(cr);
      }
    }
  }
  set_colour(cr, body);
  cairo_rectangle(cr, left(frame), base + frame.unit * 0.015, right(frame) - left(frame),
                  bottom(frame) - base);
  cairo_fill(cr);
}

void paint_stalks(cairo_t* cr, const Frame& frame, double base, double thickness,
                  const Colour& body, Random& random) {
  const double wide = frame.unit * 0.011 * thickness;
  for (double x = left(frame); x < right(frame); x += wide * random.between(2.2, 7)) {
    const double lean = frame.unit * random.between(-0.05, 0.05), top = -frame.margin_y - 4,
                 foot = base + frame.unit * 0.04 * random.unit();
    const Colour colour =
        mix(body, rgb(random.below(2) ? 0xffffff : 0x000000), 0.07 * random.unit());
    set_colour(cr, colour);
    cairo_set_line_width(cr, wide * random.between(0.7, 1.1));
    cairo_move_to(cr, x, foot);
    cairo_line_to(cr, x + lean, top);
    cairo_stroke(cr);
    set_colour(cr, mix(colour, rgb(0xffffff), 0.3), 0.7);
    cairo_set_line_width(cr, std::max(1.0, wide * 0.14));
    for (double y = foot; y > top; y -= frame.unit * 0.13) {
      const double at = x + lean * (foot - y) / (foot - top);
      cairo_move_to(cr, at - wide * 0.5, y);
      cairo_line_to(cr, at + wide * 0.5, y);
      cairo_stroke(cr);
    }
    set_colour(cr, mix(body, rgb(0xd8f0b0), 0.14), 0.9);
    for (int leaf = 0; leaf < 10; ++leaf) {
      const double y = random.between(top, base - frame.unit * 0.25),
                   size = frame.unit * random.between(0.03, 0.07);
      const double at = x + lean * (foot - y) / (foot - top), side = random.below(2) ? 1 : -1;
      smooth_path(cr,
                  {at, y, at + side * size * 0.5, y - size * 0.06, at + side * size,
                   y + size * 0.35, at + side * size * 0.45, y + size * 0.16},
                  true);
      cairo_fill(cr);
    }
  }
}

void paint_bushes(cairo_t* cr, const Frame& frame, double base, const Colour& body,
                  Random& random) {
  for (int i = 0; i < 70; ++i) {
    const double x = random.between(left(frame), right(frame)),
                 radius = frame.unit * random.between(0.025, 0.085);
    set_vertical(
        cr, base - radius * 1.6, base + radius,
        {{0, mix(body, rgb(0xfff2c8), 0.16)}, {0.7, body}, {1, mix(body, rgb(0x101820), 0.2)}});
    cairo_arc(cr, x, base - radius * random.between(0.2, 0.7), radius, 0, 2 * M_PI);
    cairo_fill(cr);
  }
  set_colour(cr, mix(body, rgb(0x101820), 0.2));
  cairo_rectangle(cr, left(frame), base, right(frame) - left(frame), frame.unit * 0.05);
  cairo_fill(cr);
}

namespace {

void paint_windows(cairo_t* cr, double x, double y, double width, double height, double cell,
                   const SkylineLook& look, Random& random) {
  for (double wy = y + cell; wy < y + height - cell; wy += cell * 1.7)
    for (double wx = x + cell * 0.7; wx < x + width - cell; wx += cell * 1.4) {
      if (random.unit() > (look.lit > 0 ? look.lit : 0.5)) continue;
      if (look.lit > 0)
        set_colour(cr, look.window, random.between(0.45, 0.95));
      else
        set_colour(cr, mix(look.body, rgb(0xffffff), 0.25), 0.45);
      cairo_rectangle(cr, wx, wy, cell * 0.75, cell);
      cairo_fill(cr);
    }
}

} // namespace

void paint_skyline(cairo_t* cr, const Frame& frame, const Palette& palette, double base,
                   const SkylineLook& look, Random& random) {
  for (double x = left(frame); x < right(frame);) {
    const double width = frame.unit * random.between(0.05, 0.13);
    const double height =
        frame.unit * look.height * random.between(0.3, 1) * (random.below(5) ? 0.75 : 1.1);
    const double top = base - height;
    set_vertical(cr, top, base, {{0, look.body}, {1, look.foot}});
    const double taper = look.spires && random.below(2) ? width * 0.18 : 0;
    cairo_move_to(cr, x, bottom(frame));
    cairo_line_to(cr, x + taper * 0.3, top + width * 0.3);
    cairo_line_to(cr, x + taper, top);
    cairo_line_to(cr, x + width - taper,
                  top + (look.spires && random.below(3) == 0 ? -width * 0.4 : 0));
    cairo_line_to(cr, x + width - taper * 0.3, top + width * 0.3);
    cairo_line_to(cr, x + width, bottom(frame));
    cairo_fill(cr);
    if (random.below(3) == 0) {
      cairo_rectangle(cr, x + width * 0.48, top - height * 0.2, std::max(1.0, width * 0.035),
                      height * 0.25);
      cairo_fill(cr);
    }
    paint_windows(cr, x + taper * 0.5, top, width - taper, height,
                  std::max(2.5, frame.unit * 0.0068), look, random);
    if (look.signs && random.below(3) == 0) {
      const Colour colour = random.below(2) ? palette.tones.accent : palette.tones.accent2;
      const double sx = x + width * random.between(0.1, 0.7),
                   sy = top + height * random.between(0.15, 0.5),
                   tall = frame.unit * random.between(0.04, 0.11);
      glow(cr, sx, sy + tall / 2, tall, colour, 0.35);
      set_colour(cr, mix(colour, rgb(0xffffff), 0.25), 0.95);
      cairo_rectangle(cr, sx, sy, frame.unit * 0.012, tall);
      cairo_fill(cr);
    }
    x += width * random.between(0.8, 1.15);
  }
}

void paint_street_sides(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  for (const int side : {-1, 1}) {
    const double outer = side < 0 ? left(frame) : right(frame);
    const double inner = frame.width * 0.5 + side * frame.width * 0.24;
    const double foot = frame.horizon + frame.unit * 0.03;
    const Colour wall = mix(palette.tones.dark, palette.haze, 0.22);
    set_vertical(cr, 0, frame.ground,
                 {{0, mix(wall, palette.sky_top, 0.2)}, {1, mix(wall, palette.near, 0.4)}});
    cairo_move_to(cr, outer, bottom(frame));
    cairo_line_to(cr, outer, frame.unit * 0.02);
    cairo_line_to(cr, inner, frame.horizon - frame.unit * 0.30);
    cairo_line_to(cr, inner, foot);
    cairo_close_path(cr);
    cairo_fill(cr);
    // Rows of windows run to the vanishing point, shop fronts below them.
    constexpr int kColumns = 9, kRows = 7;
    for (int column = 0; column < kColumns; ++column)
      for (int row = 0; row < kRows; ++row) {
        const double t = std::sqrt((column + 0.5) / kColumns), x = outer + (inner - outer) * t;
        const double roof = frame.unit * 0.02 + (frame.horizon - frame.unit * 0.32) * t;
        const double low = foot + (frame.ground - foot) * (1 - t) * 0.8, high = low - roof;
        const bool shop = row == kRows - 1;
        const double w = (inner - outer) * (shop ? 0.085 : 0.05) * (1.5 - t),
                     y = roof + high * (0.10 + 0.125 * row);
        const bool lit = random.unit() < (palette.dark ? (shop ? 0.9 : 0.4) : 0.12);
        const Colour pane = shop && column % 3 == 0 ? palette.tones.accent2 : palette.tones.glow;
        set_colour(cr, lit ? pane : mix(wall, palette.sky_middle, 0.3), lit ? 0.8 : 0.55);
        cairo_rectangle(cr, x - w / 2, y, w, high * (shop ? 0.12 : 0.07));
        cairo_fill(cr);
      }
    const double lamp = frame.width * 0.5 + side * frame.width * 0.30,
                 head = frame.horizon - frame.unit * 0.14;
    set_colour(cr, palette.near);
    cairo_rectangle(cr, lamp, head, frame.unit * 0.006, frame.ground - head - frame.unit * 0.06);
    cairo_fill(cr);
    if (palette.dark) glow(cr, lamp, head, frame.unit * 0.13, palette.tones.glow, 0.8);
    set_colour(cr, palette.tones.glow, palette.dark ? 1 : 0.6);
    cairo_arc(cr, lamp + frame.unit * 0.003, head, frame.unit * 0.011, 0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_roofs(cairo_t* cr, const Frame& frame, const Palette& palette, double base, double size,
                 const Colour& wall, const Colour& roof, Random& random) {
  for (double x = left(frame) - frame.unit * 0.1; x < right(frame);) {
    const double width = frame.unit * size * random.between(1.0, 1.7),
                 height = frame.unit * size * random.between(0.55, 1.0), top = base - height;
    set_vertical(cr, top, base, {{0, wall}, {1, mix(wall, palette.haze, 0.3)}});
    cairo_rectangle(cr, x, top, width, height + frame.unit * 0.1);
    cairo_fill(cr);
    set_colour(cr, roof);
    const double rise = frame.unit * size * 0.36, eave = width * 0.14;
    cairo_move_to(cr, x - eave, top + rise * 0.12);
    cairo_curve_to(cr, x + width * 0.1, top, x + width * 0.2, top - rise * 0.6, x + width * 0.28,
                   top - rise);
    cairo_line_to(cr, x + width * 0.72, top - rise);
    cairo_curve_to(cr, x + width * 0.8, top - rise * 0.6, x + width * 0.9, top, x + width + eave,
                   top + rise * 0.12);
    cairo_close_path(cr);
    cairo_fill(cr);
    for (int i = 0; i < 3; ++i) {
      const double wx = x + width * (0.16 + 0.26 * i), wy = top + height * 0.3;
      set_colour(cr, palette.dark ? palette.tones.glow : mix(wall, palette.near, 0.5),
                 palette.dark ? 0.9 : 0.7);
      cairo_rectangle(cr, wx, wy, width * 0.15, height * 0.34);
      cairo_fill(cr);
    }
    if (palette.dark || random.below(2)) {
      const double lx = x + width + eave * 0.4, ly = top + rise * 0.45;
      if (palette.dark) glow(cr, lx, ly, frame.unit * 0.06, palette.tones.glow, 0.55);
      set_colour(cr, palette.tones.accent);
      cairo_arc(cr, lx, ly, frame.unit * size * 0.06, 0, 2 * M_PI);
      cairo_fill(cr);
    }
    x += width * random.between(0.95, 1.35);
  }
}

} // namespace aigc::preview
