// SPDX-License-Identifier: LGPL-2.1-or-later
// See canvas.h.
#include "service/preview/canvas.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace aigc::preview {

Colour mix(const Colour& a, const Colour& b, double t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

double luma(const Colour& c) {
  return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

Colour saturated(const Colour& c, double factor) {
  const double grey = luma(c);
  return mix({grey, grey, grey}, c, factor);
}

std::uint64_t Random::bits() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double Random::unit() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}
double Random::between(double low, double high) {
  return low + (high - low) * unit();
}
int Random::below(int limit) {
  return static_cast<int>(bits() % static_cast<std::uint64_t>(limit));
}

std::uint64_t text_hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ (seed * 0x9e3779b97f4a7c15);
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

Canvas::Canvas(int width, int height)
    : width_(width), height_(height),
      surface_(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height)),
      context_(cairo_create(surface_.get())) {
  if (cairo_status(context_.get()) != CAIRO_STATUS_SUCCESS)
    throw Error(Fault::format,
                "no surface of " + std::to_string(width) + "x" + std::to_string(height),
                "ask for a smaller picture");
}

std::uint32_t* Canvas::pixels() const {
  cairo_surface_flush(surface_.get());
  return reinterpret_cast<std::uint32_t*>(cairo_image_surface_get_data(surface_.get()));
}

int Canvas::stride() const {
  return cairo_image_surface_get_stride(surface_.get()) / 4;
}

void set_colour(cairo_t* cr, const Colour& c, double alpha) {
  cairo_set_source_rgba(cr, std::clamp(c.r, 0.0, 1.0), std::clamp(c.g, 0.0, 1.0),
                        std::clamp(c.b, 0.0, 1.0), alpha);
}

namespace {

void set_gradient(cairo_t* cr, cairo_pattern_t* pattern, const std::vector<Stop>& stops) {
  const std::unique_ptr<cairo_pattern_t, CairoRelease> owner(pattern);
  for (const Stop& stop : stops)
    cairo_pattern_add_color_stop_rgba(pattern, stop.at, std::clamp(stop.colour.r, 0.0, 1.0),
                                      std::clamp(stop.colour.g, 0.0, 1.0),
                                      std::clamp(stop.colour.b, 0.0, 1.0), stop.alpha);
  cairo_set_source(cr, pattern);
}

} // namespace

void set_vertical(cairo_t* cr, double y0, double y1, const std::vector<Stop>& stops) {
  set_gradient(cr, cairo_pattern_create_linear(0, y0, 0, y1), stops);
}

void set_radial(cairo_t* cr, double x, double y, double radius, const std::vector<Stop>& stops) {
  set_gradient(cr, cairo_pattern_create_radial(x, y, 0, x, y, radius), stops);
}

void glow(cairo_t* cr, double x, double y, double radius, const Colour& colour, double alpha) {
  set_radial(cr, x, y, radius,
             {{0, colour, alpha},
              {0.2, colour, alpha * 0.58},
              {0.45, colour, alpha * 0.23},
              {0.7, colour, alpha * 0.07},
              {1, colour, 0}});
  cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
  cairo_fill(cr);
}

void smooth_path(cairo_t* cr, const std::vector<double>& points, bool closed) {
  const auto count = static_cast<long>(points.size() / 2);
  if (count < 2) return;
  const auto at = [&](long i) {
    i = closed ? (i + count) % count : std::clamp(i, 0L, count - 1);
    return std::pair{points[static_cast<size_t>(2 * i)], points[static_cast<size_t>(2 * i + 1)]};
  };
  cairo_move_to(cr, points[0], points[1]);
  for (long i = 0; i < (closed ? count : count - 1); ++i) {
    const auto [x0, y0] = at(i - 1);
    const auto [x1, y1] = at(i);
    const auto [x2, y2] = at(i + 1);
    const auto [x3, y3] = at(i + 2);
    cairo_curve_to(cr, x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6, x2 - (x3 - x1) / 6,
                   y2 - (y3 - y1) / 6, x2, y2);
  }
  if (closed) cairo_close_path(cr);
}

const Colour& Tones::of(char letter) const {
  switch (letter) {
  case 'm':
    return mid;
  case 'k':
    return black;
  case 'a':
    return accent;
  case 'b':
    return accent2;
  case 'l':
    return light;
  case 's':
    return skin;
  case 'w':
    return white;
  case 'g':
    return glow;
  default:
    return dark;
  }
}

namespace {

/// A tapering stroke as one closed form: both flanks of the smoothed centre line.
void taper_path(cairo_t* cr, const std::vector<double>& v) {
  const std::vector<double> points(v.begin() + 2, v.end());
  cairo_new_path(cr);
  smooth_path(cr, points, false);
  std::unique_ptr<cairo_path_t, decltype(&cairo_path_destroy)> flat(cairo_copy_path_flat(cr),
                                                                    &cairo_path_destroy);
  std::vector<std::array<double, 2>> line;
  for (int i = 0; i < flat->num_data; i += flat->data[i].header.length)
    if (flat->data[i].header.length > 1)
      line.push_back({flat->data[i + 1].point.x, flat->data[i + 1].point.y});
  cairo_new_path(cr);
  if (line.size() < 2) return;
  const auto flank = [&](size_t i, double side) {
    const auto& a = line[i ? i - 1 : 0];
    const auto& b = line[std::min(i + 1, line.size() - 1)];
    const double length = std::max(1e-9, std::hypot(b[0] - a[0], b[1] - a[1]));
    const double share = static_cast<double>(i) / static_cast<double>(line.size() - 1);
    const double half = side * (v[0] + (v[1] - v[0]) * share) / 2;
    cairo_line_to(cr, line[i][0] - (b[1] - a[1]) / length * half,
                  line[i][1] + (b[0] - a[0]) / length * half);
  };
  for (size_t i = 0; i < line.size(); ++i)
    flank(i, 1);
  const auto& tip = line[line.size() - 1];
  const auto& before = line[line.size() - 2];
  const double angle = std::atan2(tip[1] - before[1], tip[0] - before[0]);
  cairo_arc_negative(cr, tip[0], tip[1], v[1] / 2, angle + M_PI / 2, angle - M_PI / 2);
  for (size_t i = line.size(); i-- > 0;)
    flank(i, -1);
  cairo_close_path(cr);
}

void draw_form(cairo_t* cr, char form, const std::vector<double>& v) {
  cairo_new_path(cr);
  switch (form) {
  case 'B':
    smooth_path(cr, v, true);
    break;
  case 'P':
    for (size_t i = 0; i + 1 < v.size(); i += 2)
      cairo_line_to(cr, v[i], v[i + 1]);
    cairo_close_path(cr);
    break;
  case 'E':
    cairo_save(cr);
    cairo_translate(cr, v[0], v[1]);
    cairo_scale(cr, v[2], v[3]);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cr);
    break;
  case 'R':
    cairo_rectangle(cr, v[0], v[1], v[2], v[3]);
    break;
  case 'T':
    taper_path(cr, v);
    break;
  case 'S':
  case 'L':
    if (form == 'S')
      smooth_path(cr, {v.begin() + 1, v.end()}, false);
    else
      for (size_t i = 1; i + 1 < v.size(); i += 2)
        cairo_line_to(cr, v[i], v[i + 1]);
    cairo_set_line_width(cr, v[0]);
    cairo_stroke(cr);
    return;
  default:
    break;
  }
  cairo_set_fill_rule(cr, CAIRO_FILL_RULE_WINDING);
  cairo_fill(cr);
}

std::vector<double> read_numbers(std::string_view shape, size_t& at) {
  std::vector<double> numbers;
  while (at < shape.size()) {
    if (shape[at] == ' ') {
      ++at;
      continue;
    }
    double value = 0;
    const auto [end, error] =
        std::from_chars(shape.data() + at, shape.data() + shape.size(), value);
    if (error != std::errc()) break;
    numbers.push_back(value);
    at = static_cast<size_t>(end - shape.data());
  }
  return numbers;
}

} // namespace

void draw_shape(cairo_t* cr, std::string_view shape, const Tones& tones, const Colour* silhouette,
                double alpha) {
  cairo_save(cr);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  set_colour(cr, silhouette ? *silhouette : tones.dark, alpha);
  bool mirrored = false;
  for (size_t at = 0; at < shape.size();) {
    const char letter = shape[at++];
    if (letter == ' ') continue;
    if (letter == 'Y')
      mirrored = true;
    else if (letter >= 'a') {
      if (!silhouette) set_colour(cr, tones.of(letter), alpha);
    } else {
      const auto numbers = read_numbers(shape, at);
      draw_form(cr, letter, numbers);
      if (std::exchange(mirrored, false)) {
        cairo_save(cr);
        cairo_scale(cr, -1, 1);
        draw_form(cr, letter, numbers);
        cairo_restore(cr);
      }
    }
  }
  cairo_restore(cr);
}

} // namespace aigc::preview
