// SPDX-License-Identifier: LGPL-2.1-or-later
// See particles.h.
#include "service/preview/particles.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

/// Steps of a tumble or a twinkle that are drawn beforehand.
constexpr int kVariants = 16;

Canvas square(double size) {
  const int edge = 2 * static_cast<int>(std::ceil(size / 2)) + 4;
  Canvas canvas(edge, edge);
  cairo_translate(canvas.cr(), edge / 2.0, edge / 2.0);
  return canvas;
}

/// A petal or leaf seen while it turns over.
Canvas tumbling(double size, int variant, const Colour& colour, bool leaf) {
  Canvas canvas = square(size * 1.5);
  cairo_t* cr = canvas.cr();
  const double turn = 2 * M_PI * variant / kVariants;
  cairo_rotate(cr, turn + 0.6);
  cairo_scale(cr, size / 2, size / 2 * (0.35 + 0.65 * std::abs(std::cos(turn))));
  set_colour(cr, mix(colour, rgb(0xffffff), 0.18 + 0.18 * std::sin(turn)), 0.92);
  if (leaf)
    smooth_path(cr, {-1, 0, -0.4, -0.42, 0.3, -0.4, 1, 0, 0.3, 0.4, -0.4, 0.42}, true);
  else
    smooth_path(
        cr,
        {-0.9, 0, -0.3, -0.62, 0.5, -0.66, 0.95, -0.25, 0.7, 0, 0.95, 0.25, 0.5, 0.66, -0.3, 0.62},
        true);
  cairo_fill(cr);
  return canvas;
}

Canvas streak(double length, double slant, double width, double alpha) {
  Canvas canvas = square(length);
  cairo_t* cr = canvas.cr();
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_width(cr, width);
  set_vertical(cr, -length / 2, length / 2, {{0, rgb(0xdfe8f2), 0}, {1, rgb(0xf2f7fc), alpha}});
  cairo_move_to(cr, -slant * length / 2, -length / 2);
  cairo_line_to(cr, slant * length / 2, length / 2);
  cairo_stroke(cr);
  return canvas;
}

Canvas soft(double size, const Colour& colour, double alpha, double core) {
  Canvas canvas = square(size);
  set_radial(canvas.cr(), 0, 0, size / 2,
             {{0, colour, alpha},
              {core, colour, alpha * 0.85},
              {core + (1 - core) * 0.4, colour, alpha * 0.35},
              {1, colour, 0}});
  cairo_paint(canvas.cr());
  return canvas;
}

Canvas ring(double size) {
  Canvas canvas = square(size);
  cairo_t* cr = canvas.cr();
  set_radial(cr, 0, 0, size / 2,
             {{0, rgb(0xffffff), 0.05},
              {0.75, rgb(0xffffff), 0.12},
              {0.93, rgb(0xffffff), 0.6},
              {1, rgb(0xffffff), 0}});
  cairo_paint(cr);
  set_colour(cr, rgb(0xffffff), 0.8);
  cairo_arc(cr, -size * 0.16, -size * 0.16, size * 0.07, 0, 2 * M_PI);
  cairo_fill(cr);
  return canvas;
}

double wrapped(double value, double low, double high) {
  const double span = high - low;
  return low + std::fmod(std::fmod(value - low, span) + span, span);
}

} // namespace

struct Particles::Flake {
  size_t first;       ///< sprite of step 0
  int variants;       ///< sprites in the cycle
  double cycle;       ///< of the cycle, per second
  double x, y, scale; ///< at time 0
  double vx, vy;      ///< pixels per second
  double sway, rate, phase;
  double life = 0; ///< seconds from birth to end at one place (steam), 0 = wraps around the picture
};

Particles::~Particles() = default;
Particles::Particles(Particles&&) noexcept = default;

Particles::Particles(const Painting& painting, std::uint64_t seed) : frame_(painting.frame) {
  Random random(seed ^ 0x70617274);
  for (const auto& kind : painting.particles)
    add_kind(kind, painting, random);
}

void Particles::add_kind(std::string_view kind, const Painting& painting, Random& random) {
  const double unit = frame_.unit, wind = painting.wind ? 0.16 : 0.05;
  const size_t first = sprites_.size();
  const auto scatter = [&](int count, auto make) {
    for (int i = 0; i < count; ++i) {
      Flake flake{first,
                  1,
                  0,
                  random.between(0, frame_.width),
                  random.between(0, frame_.height),
                  random.between(0.55, 1),
                  0,
                  0,
                  0,
                  random.between(0.15, 0.4),
                  random.unit()};
      make(flake);
      flakes_.push_back(flake);
    }
  };
  const int crowd = static_cast<int>(
      std::clamp(frame_.width * double(frame_.height) / (1280.0 * 720), 0.25, 1.5) * 100);
  if (kind == "petals" || kind == "leaves") {
    const bool leaf = kind == "leaves";
    const Tones tones =
        subject_tones(painting.palette, painting.setting, leaf ? "maple" : "cherry_tree");
    for (int v = 0; v < kVariants; ++v)
      sprites_.push_back(tumbling(unit * (leaf ? 0.030 : 0.021), v,
                                  leaf && v % 2 ? tones.accent2 : tones.accent, leaf));
    scatter(crowd * (leaf ? 45 : 85) / 100, [&](Flake& flake) {
      flake.variants = kVariants;
      flake.cycle = random.between(0.25, 0.7);
      flake.vx = -unit * wind * random.between(0.6, 1.4);
      flake.vy = unit * random.between(0.06, 0.13);
      flake.sway = unit * random.between(0.01, 0.035);
    });
  } else if (kind == "rain") {
    sprites_.push_back(streak(unit * 0.075, -0.12 - wind, std::max(0.8, unit * 0.0019), 0.5));
    scatter(crowd * 2, [&](Flake& flake) {
      flake.vy = unit * 1.7 * flake.scale;
      flake.vx = flake.vy * (-0.12 - wind);
    });
  } else if (kind == "snow") {
    sprites_.push_back(soft(unit * 0.017, rgb(0xffffff), 0.95, 0.35));
    scatter(crowd * 2, [&](Flake& flake) {
      flake.scale = random.between(0.5, 1.25);
      flake.vy = unit * 0.11 * flake.scale;
      flake.vx = -unit * wind * 0.6;
      flake.sway = unit * 0.015;
    });
  } else if (kind == "fireflies" || kind == "sparkles") {
    const Colour colour = kind == "fireflies" ? rgb(0xe6ff8a) : rgb(0xfff0c0);
    for (int v = 0; v < kVariants; ++v)
      sprites_.push_back(soft(unit * 0.032, colour,
                              0.12 + 0.88 * std::pow(std::sin(M_PI * v / kVariants), 2), 0.16));
    scatter(crowd * 42 / 100, [&](Flake& flake) {
      flake.variants = kVariants;
      flake.cycle = random.between(0.25, 0.6);
      flake.y = frame_.height * random.between(0.15, 0.9);
      flake.vx = unit * random.between(-0.012, 0.012);
      flake.vy = unit * random.between(-0.02, 0.004);
      flake.sway = unit * 0.02;
    });
  } else if (kind == "bubbles") {
    sprites_.push_back(ring(unit * 0.022));
    scatter(crowd * 40 / 100, [&](Flake& flake) {
      flake.scale = random.between(0.5, 1.5);
      flake.vy = -unit * random.between(0.06, 0.12);
      flake.sway = unit * 0.012;
    });
  } else if (kind == "dust") {
    sprites_.push_back(soft(unit * 0.5, mix(painting.palette.haze, rgb(0xe2b878), 0.6), 0.20, 0.2));
    scatter(14, [&](Flake& flake) {
      flake.y = frame_.height * random.between(0.35, 1);
      flake.vx = -unit * random.between(0.2, 0.4);
    });
  } else if (kind == "steam") {
    for (int v = 0; v < kVariants; ++v)
      sprites_.push_back(
          soft(unit * 0.085, rgb(0xffffff), 0.20 * std::sin(M_PI * (v + 0.5) / kVariants), 0.1));
    const double x = painting.steam_x > 0 ? painting.steam_x : frame_.width * 0.5,
                 y = painting.steam_x > 0 ? painting.steam_y : frame_.ground - unit * 0.08;
    scatter(16, [&](Flake& flake) {
      flake.variants = kVariants;
      flake.life = 2.6;
      flake.x = x + unit * random.between(-0.035, 0.035);
      flake.y = y;
      flake.vy = -unit * 0.095;
      flake.sway = unit * 0.022;
    });
  }
}

std::vector<Placement> Particles::at(double seconds) const {
  std::vector<Placement> list;
  list.reserve(flakes_.size());
  for (const Flake& flake : flakes_) {
    double time = seconds, scale = flake.scale, share = seconds * flake.cycle + flake.phase;
    if (flake.life > 0) {
      share = seconds / flake.life + flake.phase;
      time = (share - std::floor(share)) * flake.life;
      scale = 0.55 + 1.2 * time / flake.life;
    }
    share -= std::floor(share);
    const int step = std::min(flake.variants - 1, static_cast<int>(share * flake.variants));
    double x = flake.x + flake.vx * time +
               flake.sway * std::sin(2 * M_PI * (flake.rate * seconds + flake.phase));
    double y = flake.y + flake.vy * time;
    if (flake.life == 0) {
      const double pad = sprites_[flake.first].width();
      x = wrapped(x, -pad, frame_.width + pad);
      y = wrapped(y, -pad, frame_.height + pad);
    }
    list.push_back({flake.first + static_cast<size_t>(step), x, y, scale});
  }
  return list;
}

} // namespace aigc::preview
