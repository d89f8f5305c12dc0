// SPDX-License-Identifier: LGPL-2.1-or-later
// Drawing with cairo: owned surfaces, colours, a random source that is the same everywhere, and the
// small language the shapes are written in.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cairo.h>

namespace aigc::preview {

/// Linear in sRGB values, 0..1; may leave that range while colours are mixed.
struct Colour {
  double r = 0, g = 0, b = 0;
};

constexpr Colour rgb(unsigned hex) {
  return {(hex >> 16 & 255) / 255.0, (hex >> 8 & 255) / 255.0, (hex & 255) / 255.0};
}
Colour mix(const Colour& a, const Colour& b, double share_of_b);
double luma(const Colour& colour);
/// Saturation times `factor`; 0 is grey.
Colour saturated(const Colour& colour, double factor);

/// A random source whose numbers depend on the seed alone (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits();
  double unit(); ///< 0 <= x < 1
  double between(double low, double high);
  int below(int limit); ///< 0 <= x < limit

 private:
  std::uint64_t state_;
};

/// A number for some text; the same everywhere and always.
std::uint64_t text_hash(std::string_view text, std::uint64_t seed = 0);

struct CairoRelease {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(cairo_pattern_t* pattern) const { cairo_pattern_destroy(pattern); }
};

/// A surface of premultiplied ARGB with its context.
class Canvas {
 public:
  /// Throws Error{Fault::format} when there is no memory.
  Canvas(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  cairo_t* cr() const { return context_.get(); }
  /// The pixels, after pending drawing: native-endian 0xAARRGGBB.
  std::uint32_t* pixels() const;
  int stride() const; ///< in pixels
  cairo_surface_t* surface() const { return surface_.get(); }

 private:
  int width_, height_;
  std::unique_ptr<cairo_surface_t, CairoRelease> surface_;
  std::unique_ptr<cairo_t, CairoRelease> context_;
};

void set_colour(cairo_t* cr, const Colour& colour, double alpha = 1);

struct Stop {
  double at;
  Colour colour;
  double alpha = 1;
};
void set_vertical(cairo_t* cr, double y0, double y1, const std::vector<Stop>& stops);
void set_radial(cairo_t* cr, double x, double y, double radius, const std::vector<Stop>& stops);
/// A soft round light.
void glow(cairo_t* cr, double x, double y, double radius, const Colour& colour, double alpha);
/// A closed smooth curve (Catmull-Rom) through points x0 y0 x1 y1 ...
void smooth_path(cairo_t* cr, const std::vector<double>& points, bool closed);

/// The colours of the tones a shape is painted in.
struct Tones {
  Colour dark, mid, black, accent, accent2, light, skin, white, glow;
  const Colour& of(char letter) const;
};

/// Draws a shape: y is up-negative with the ground at 0, coordinates are in hundredths of the unit.
///
///     d m k a b l s w g  tone for what follows      Y  next form is drawn mirrored as well
///     B x y ...  smooth closed form                 P x y ...  polygon
///     E x y rx ry  ellipse                          R x y w h  rectangle
///     S w x y ...  smooth stroke                    L w x y ...  straight stroke
///     T w0 w1 x y ...  smooth stroke that tapers
///
/// `silhouette` replaces every tone by one colour.
void draw_shape(cairo_t* cr, std::string_view shape, const Tones& tones,
                const Colour* silhouette = nullptr, double alpha = 1);

} // namespace aigc::preview
