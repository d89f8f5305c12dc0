// SPDX-License-Identifier: LGPL-2.1-or-later
// The sky of a scene: gradient, sun or moon, stars, aurora, clouds, rainbow.
#include "service/preview/layers.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

void paint_stars(cairo_t* cr, const Frame& frame, double amount, double bottom, Random& random) {
  const int count = static_cast<int>(260 * amount);
  for (int i = 0; i < count; ++i) {
    const double x = random.between(-frame.margin_x, frame.width + frame.margin_x);
    const double y = random.between(-frame.margin_y, bottom);
    const double fade = 1 - std::max(0.0, y / bottom) * 0.8;
    const double size =
        frame.unit * (random.below(12) == 0 ? 0.0024 : random.between(0.0006, 0.0014));
    set_colour(cr, rgb(0xfff8e8), fade * random.between(0.35, 1));
    cairo_arc(cr, x, y, std::max(0.5, size), 0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_orb(cairo_t* cr, const Painting& painting, double x, double y) {
  const Palette& palette = painting.palette;
  const double unit = painting.frame.unit;
  const bool sun = palette.orb_kind == Orb::sun;
  glow(cr, x, y, unit * (sun ? 0.95 : 0.6), palette.orb, sun ? 0.55 : 0.35);
  if (palette.orb_kind == Orb::none) return;
  const double radius = unit * (sun ? 0.055 : 0.05);
  glow(cr, x, y, radius * 3.2, palette.orb, 0.7);
  set_colour(cr, palette.orb, sun && palette.orb_height > 0.6 ? 0.9 : 1);
  cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
  cairo_fill(cr);
  if (sun) return;
  for (const auto& [dx, dy, r] :
       {std::array{-0.3, -0.25, 0.2}, {0.25, 0.2, 0.26}, {-0.2, 0.4, 0.14}, {0.35, -0.4, 0.12}}) {
    set_colour(cr, mix(palette.orb, palette.sky_middle, 0.35), 0.5);
    cairo_arc(cr, x + dx * radius, y + dy * radius, r * radius, 0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_aurora(cairo_t* cr, const Frame& frame, Random& random) {
  cairo_set_operator(cr, CAIRO_OPERATOR_ADD);
  for (int band = 0; band < 3; ++band) {
    const double base = frame.horizon * random.between(0.45, 0.8), phase = random.between(0, 6);
    const Colour colour = band == 1 ? rgb(0x9a5cff) : rgb(0x38f5b0);
    const double step = std::max(2.0, frame.unit * 0.008);
    for (double x = -frame.margin_x; x < frame.width + frame.margin_x; x += step) {
      const double t = x / frame.unit * 3 + phase;
      const double foot =
          base + frame.unit * (0.07 * std::sin(t) + 0.03 * std::sin(2.7 * t + band));
      const double height =
          frame.unit * (0.30 + 0.12 * std::sin(5.1 * t) + 0.06 * std::sin(13 * t));
      set_vertical(cr, foot - height, foot, {{0, colour, 0}, {0.75, colour, 0.16}, {1, colour, 0}});
      cairo_rectangle(cr, x, foot - height, step * 1.5, height);
      cairo_fill(cr);
    }
  }
  cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
}

void paint_rainbow(cairo_t* cr, const Frame& frame) {
  constexpr unsigned kBands[] = {0xe04a4a, 0xf09a3e, 0xf2dc4e, 0x5abf6a, 0x4a8fe0, 0x7a58c8};
  const double width = frame.unit * 0.016;
  cairo_set_line_width(cr, width * 1.1);
  for (int i = 0; i < 6; ++i) {
    set_colour(cr, rgb(kBands[i]), 0.42);
    cairo_arc(cr, frame.width * 0.5, frame.horizon + frame.unit * 0.18,
              frame.unit * 0.72 - i * width, M_PI, 2 * M_PI);
    cairo_stroke(cr);
  }
}

/// A heap of discs above a flat foot: light from above, shade below.
void paint_cloud(cairo_t* cr, double x, double y, double size, const Colour& top,
                 const Colour& foot, double alpha, Random& random) {
  cairo_push_group(cr);
  set_vertical(cr, y - size * 0.5, y + size * 0.12,
               {{0, top}, {0.55, mix(top, foot, 0.35)}, {1, foot}});
  for (int i = 0; i < 11; ++i) {
    const double t = (i + 0.5) / 11 * 2 - 1;
    const double radius = size * (0.30 * (1 - t * t) + 0.09) * random.between(0.75, 1.15);
    cairo_arc(cr, x + t * size, y - radius * random.between(0.35, 0.75), radius, 0, 2 * M_PI);
    cairo_fill(cr);
  }
  cairo_pop_group_to_source(cr);
  cairo_rectangle(cr, x - size * 2, y - size, size * 4, size * 1.04);
  cairo_save(cr);
  cairo_clip(cr);
  cairo_paint_with_alpha(cr, alpha);
  cairo_restore(cr);
}

void paint_streak(cairo_t* cr, double x, double y, double size, const Colour& colour,
                  double alpha) {
  cairo_save(cr);
  cairo_translate(cr, x, y);
  cairo_scale(cr, 1, 0.09);
  glow(cr, 0, 0, size, colour, alpha);
  cairo_restore(cr);
}

void paint_clouds(Painting& painting, Random& random) {
  const Frame& frame = painting.frame;
  const Palette& palette = painting.palette;
  if (palette.cloud <= 0.01) return;
  Layer layer = make_layer(frame, -frame.margin_y, frame.horizon, 0.08);
  cairo_t* cr = layer.canvas.cr();
  const double wet = std::max(0.0, palette.cloud - 0.5);
  const Colour top =
      mix(mix(palette.horizon, rgb(0xffffff), palette.dark ? 0.08 : 0.55), palette.sky_middle, wet);
  const Colour foot = mix(palette.sky_middle, palette.horizon, 0.4);
  const int streaks = static_cast<int>(4 + 8 * palette.cloud);
  for (int i = 0; i < streaks; ++i)
    paint_streak(cr, random.between(0, frame.width), frame.horizon * random.between(0.25, 0.95),
                 frame.unit * random.between(0.25, 0.6), mix(top, palette.orb, 0.2), 0.5);
  // In ink and watercolour the paper is the cloud.
  const int heaps =
      palette.manner.paper && !palette.manner.flat ? 1 : static_cast<int>(2 + 7 * palette.cloud);
  for (int i = 0; i < heaps; ++i) {
    const double near = random.unit();
    paint_cloud(cr, random.between(-0.1, 1.1) * frame.width, frame.horizon * (0.88 - 0.62 * near),
                frame.unit * (0.08 + 0.16 * near), top, foot, palette.dark ? 0.35 : 0.8, random);
  }
  layer.travel = frame.unit * (painting.wind ? 0.10 : 0.045);
  painting.layers.push_back(std::move(layer));
}

/// Fine noise against banding, and the grain of paper where the style has one.
void add_grain(Canvas& canvas, bool paper, Random& random) {
  std::uint32_t* pixels = canvas.pixels();
  std::uint64_t noise = random.bits() | 1;
  for (int y = 0; y < canvas.height(); ++y) {
    std::uint32_t* row = pixels + static_cast<ptrdiff_t>(y) * canvas.stride();
    for (int x = 0; x < canvas.width(); ++x) {
      noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
      const int change =
          paper ? static_cast<int>(noise >> 61) - 4 : static_cast<int>(noise >> 62) - 1;
      std::uint32_t pixel = 0xff000000;
      for (int shift = 0; shift < 24; shift += 8)
        pixel |= static_cast<std::uint32_t>(
                     std::clamp(static_cast<int>(row[x] >> shift & 255) + change, 0, 255))
                 << shift;
      row[x] = pixel;
    }
  }
  cairo_surface_mark_dirty(canvas.surface());
}

void paint_blotches(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  for (int i = 0; i < 26; ++i) {
    const Colour colour = i % 3 ? rgb(0xffffff) : mix(palette.sky_middle, palette.sky_top, 0.5);
    glow(cr, random.between(0, frame.width), random.between(0, frame.height),
         frame.unit * random.between(0.22, 0.5), colour, 0.10);
  }
}

void paint_brush(cairo_t* cr, const Frame& frame, const Palette& palette, Random& random) {
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  for (int i = 0; i < 420; ++i) {
    const double x = random.between(-frame.margin_x, frame.width + frame.margin_x),
                 y = random.between(-frame.margin_y, frame.horizon);
    const double share = std::clamp(y / frame.horizon + random.between(-0.2, 0.2), 0.0, 1.0);
    const Colour base = share < 0.5 ? mix(palette.sky_top, palette.sky_middle, share * 2)
                                    : mix(palette.sky_middle, palette.horizon, share * 2 - 1);
    set_colour(cr, mix(base, rgb(random.below(2) ? 0xffffff : 0x2a2040), 0.12), 0.35);
    cairo_set_line_width(cr, frame.unit * random.between(0.006, 0.016));
    const double length = frame.unit * random.between(0.03, 0.10);
    cairo_move_to(cr, x, y);
    cairo_curve_to(cr, x + length * 0.3, y - length * 0.15, x + length * 0.7, y - length * 0.12,
                   x + length, y);
    cairo_stroke(cr);
  }
}

} // namespace

void paint_sky(Painting& painting, const Plan& plan, Random& random) {
  const Frame& frame = painting.frame;
  const Palette& palette = painting.palette;
  Layer layer = make_layer(frame, -frame.margin_y, frame.height + frame.margin_y, 0);
  cairo_t* cr = layer.canvas.cr();
  set_vertical(cr, 0, frame.horizon,
               {{0, palette.sky_top}, {0.55, palette.sky_middle}, {1, palette.horizon}});
  cairo_paint(cr);
  if (palette.manner.brush) paint_brush(cr, frame, palette, random);
  if (palette.manner.paper) paint_blotches(cr, frame, palette, random);
  if (palette.stars > 0) paint_stars(cr, frame, palette.stars, frame.horizon, random);
  if (plan.setting.light == "aurora") paint_aurora(cr, frame, random);
  const bool moon_drawn = std::any_of(
      plan.reading.subjects.begin(), plan.reading.subjects.end(),
      [](const Subject* subject) { return subject->names.id == std::string_view("moon"); });
  const bool sky_seen = plan.place != "room" && plan.place != "table_top" &&
                        plan.place != "underwater" && plan.place != "space";
  if (sky_seen && !moon_drawn)
    paint_orb(cr, painting, frame.width * (plan.seed & 1 ? 0.28 : 0.72),
              frame.horizon * (1 - palette.orb_height));
  const auto& weathers = plan.reading.weathers;
  if (std::find(weathers.begin(), weathers.end(), "rainbow") != weathers.end())
    paint_rainbow(cr, frame);
  add_grain(layer.canvas, palette.manner.paper, random);
  painting.layers.push_back(std::move(layer));
  if (sky_seen && plan.place != "moon_surface") paint_clouds(painting, random);
}

} // namespace aigc::preview
