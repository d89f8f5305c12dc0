// SPDX-License-Identifier: LGPL-2.1-or-later
// sRGB, CIELAB and CIEDE2000 after CIE 15 and Sharma, Wu, Dalal (2005); dominant colours by k-means
// over a coarse histogram.
#include "media/colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>

namespace aigc {

namespace {

// The white of sRGB: what its primaries add up to.
constexpr double kWhiteX = 0.9504559, kWhiteY = 1, kWhiteZ = 1.0890578;
constexpr double kLabEdge = 6.0 / 29;

double linear_of(std::uint8_t value) {
  static const auto table = [] {
    std::array<double, 256> linear{};
    for (size_t i = 0; i < linear.size(); ++i) {
      const double v = double(i) / 255;
      linear[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return linear;
  }();
  return table[value];
}

std::uint8_t srgb_of(double linear) {
  const double v = std::clamp(linear, 0.0, 1.0);
  const double coded = v <= 0.0031308 ? v * 12.92 : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(coded * 255));
}

double lab_curve(double t) {
  return t > kLabEdge * kLabEdge * kLabEdge ? std::cbrt(t)
                                            : t / (3 * kLabEdge * kLabEdge) + 4.0 / 29;
}

double lab_curve_back(double t) {
  return t > kLabEdge ? t * t * t : 3 * kLabEdge * kLabEdge * (t - 4.0 / 29);
}

constexpr double kDegree = std::numbers::pi / 180;

/// Hue angle in degrees, 0 <= h < 360; 0 for grey.
double hue_of(double a, double b) {
  if (a == 0 && b == 0) return 0;
  const double hue = std::atan2(b, a) / kDegree;
  return hue < 0 ? hue + 360 : hue;
}

/// The hue between two, on the shorter way round.
double mean_hue(double one, double other, bool grey) {
  const double sum = one + other;
  if (grey) return sum;
  if (std::abs(one - other) <= 180) return sum / 2;
  return sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2;
}

double power7(double x) {
  return x * x * x * x * x * x * x;
}

constexpr double k25Power7 = 6103515625.0;

/// A cell of the histogram.
struct Cell {
  Lab lab;
  double weight = 0;
};

double squared_distance(const Lab& one, const Lab& other) {
  const double l = one.l - other.l, a = one.a - other.a, b = one.b - other.b;
  return l * l + a * a + b * b;
}

/// Cells of 8 x 8 x 8 values with the mean colour of what falls in them.
std::vector<Cell> histogram(const Raster& raster) {
  struct Sum {
    double red = 0, green = 0, blue = 0, weight = 0;
  };
  std::vector<Sum> sums(32 * 32 * 32);
  // Some 60,000 samples are enough for any picture.
  const size_t pixels = size_t(raster.width) * size_t(raster.height);
  const int step = std::max(1, static_cast<int>(std::sqrt(double(pixels) / 60'000)));
  for (int y = step / 2; y < raster.height; y += step)
    for (int x = step / 2; x < raster.width; x += step) {
      const auto* p = &raster.rgba[4 * (size_t(y) * size_t(raster.width) + size_t(x))];
      if (p[3] < 128) continue;
      auto& sum = sums[size_t(p[0] >> 3) << 10 | size_t(p[1] >> 3) << 5 | size_t(p[2] >> 3)];
      sum.red += p[0];
      sum.green += p[1];
      sum.blue += p[2];
      sum.weight += 1;
    }
  const auto mean = [](double total, double weight) {
    return static_cast<std::uint8_t>(std::lround(total / weight));
  };
  std::vector<Cell> cells;
  for (const auto& sum : sums)
    if (sum.weight > 0)
      cells.push_back({lab_of({mean(sum.red, sum.weight), mean(sum.green, sum.weight),
                               mean(sum.blue, sum.weight)}),
                       sum.weight});
  return cells;
}

/// The heaviest cell first, then always the one that is worst served.
std::vector<Cell> first_centres(const std::vector<Cell>& cells, size_t count) {
  std::vector<Cell> centres;
  std::vector<double> distance(cells.size(), 1);
  while (centres.size() < count) {
    size_t worst = 0;
    double most = 0;
    for (size_t i = 0; i < cells.size(); ++i)
      if (cells[i].weight * distance[i] > most) {
        most = cells[i].weight * distance[i];
        worst = i;
      }
    if (most <= 0) break; // fewer cells than colours asked for
    const bool first = centres.empty();
    centres.push_back(cells[worst]);
    for (size_t i = 0; i < cells.size(); ++i) {
      const double to_new = squared_distance(cells[i].lab, cells[worst].lab);
      distance[i] = first ? to_new : std::min(distance[i], to_new);
    }
  }
  return centres;
}

/// One round of k-means.
std::vector<Cell> moved_centres(const std::vector<Cell>& cells, const std::vector<Cell>& centres) {
  std::vector<Cell> sums(centres.size());
  for (const auto& cell : cells) {
    size_t nearest = 0;
    double least = std::numeric_limits<double>::max();
    for (size_t i = 0; i < centres.size(); ++i)
      if (const double d = squared_distance(cell.lab, centres[i].lab); d < least) {
        least = d;
        nearest = i;
      }
    auto& sum = sums[nearest];
    sum.lab.l += cell.lab.l * cell.weight;
    sum.lab.a += cell.lab.a * cell.weight;
    sum.lab.b += cell.lab.b * cell.weight;
    sum.weight += cell.weight;
  }
  std::erase_if(sums, [](const Cell& sum) { return sum.weight <= 0; });
  for (auto& sum : sums)
    sum.lab = {sum.lab.l / sum.weight, sum.lab.a / sum.weight, sum.lab.b / sum.weight};
  return sums;
}

} // namespace

Lab lab_of(Rgb colour) {
  const double r = linear_of(colour.red), g = linear_of(colour.green), b = linear_of(colour.blue);
  const double x = lab_curve((0.4123908 * r + 0.3575843 * g + 0.1804808 * b) / kWhiteX);
  const double y = lab_curve((0.2126390 * r + 0.7151687 * g + 0.0721923 * b) / kWhiteY);
  const double z = lab_curve((0.0193308 * r + 0.1191948 * g + 0.9505322 * b) / kWhiteZ);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

Rgb rgb_of(const Lab& colour) {
  const double level = (colour.l + 16) / 116;
  const double x = kWhiteX * lab_curve_back(level + colour.a / 500);
  const double y = kWhiteY * lab_curve_back(level);
  const double z = kWhiteZ * lab_curve_back(level - colour.b / 200);
  return {srgb_of(3.2409699 * x - 1.5373832 * y - 0.4986108 * z),
          srgb_of(-0.9692436 * x + 1.8759675 * y + 0.0415551 * z),
          srgb_of(0.0556301 * x - 0.2039770 * y + 1.0569715 * z)};
}

Rgb read_rgb(const std::string& hex) {
  unsigned red = 0, green = 0, blue = 0;
  if (std::sscanf(hex.c_str(), "#%2x%2x%2x", &red, &green, &blue) != 3) return {};
  return {static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
          static_cast<std::uint8_t>(blue)};
}

double colour_difference(const Lab& one, const Lab& other) {
  const double mean_chroma = (std::hypot(one.a, one.b) + std::hypot(other.a, other.b)) / 2;
  const double chroma7 = power7(mean_chroma);
  const double stretch = 1 + 0.5 * (1 - std::sqrt(chroma7 / (chroma7 + k25Power7)));
  const double a1 = one.a * stretch, a2 = other.a * stretch;
  const double c1 = std::hypot(a1, one.b), c2 = std::hypot(a2, other.b);
  const double h1 = hue_of(a1, one.b), h2 = hue_of(a2, other.b);
  const bool grey = c1 * c2 == 0;

  double turn = grey ? 0 : h2 - h1;
  if (turn > 180) turn -= 360;
  if (turn < -180) turn += 360;
  const double delta_l = other.l - one.l, delta_c = c2 - c1;
  const double delta_h = 2 * std::sqrt(c1 * c2) * std::sin(turn / 2 * kDegree);

  const double l = (one.l + other.l) / 2 - 50, c = (c1 + c2) / 2, h = mean_hue(h1, h2, grey);
  const double t = 1 - 0.17 * std::cos((h - 30) * kDegree) + 0.24 * std::cos(2 * h * kDegree) +
                   0.32 * std::cos((3 * h + 6) * kDegree) - 0.20 * std::cos((4 * h - 63) * kDegree);
  const double blue = std::exp(-((h - 275) / 25) * ((h - 275) / 25));
  const double c7 = power7(c);
  const double rotation = -2 * std::sqrt(c7 / (c7 + k25Power7)) * std::sin(2 * 30 * blue * kDegree);
  const double dl = delta_l / (1 + 0.015 * l * l / std::sqrt(20 + l * l));
  const double dc = delta_c / (1 + 0.045 * c);
  const double dh = delta_h / (1 + 0.015 * c * t);
  return std::sqrt(std::max(0.0, dl * dl + dc * dc + dh * dh + rotation * dc * dh));
}

std::vector<ColourShare> dominant_colours(const Raster& raster, int count) {
  const auto cells = histogram(raster);
  auto centres = first_centres(cells, size_t(std::max(count, 0)));
  constexpr int kRounds = 12;
  for (int round = 0; round < kRounds && !centres.empty(); ++round)
    centres = moved_centres(cells, centres);

  double total = 0;
  for (const auto& centre : centres)
    total += centre.weight;
  std::vector<ColourShare> colours;
  for (const auto& centre : centres)
    colours.push_back({rgb_of(centre.lab), centre.lab, centre.weight / total});
  std::stable_sort(colours.begin(), colours.end(),
                   [](const auto& one, const auto& other) { return one.share > other.share; });
  return colours;
}

double relative_luminance(Rgb colour) {
  return 0.2126 * linear_of(colour.red) + 0.7152 * linear_of(colour.green) +
         0.0722 * linear_of(colour.blue);
}

double contrast_ratio(Rgb one, Rgb other) {
  const double a = relative_luminance(one), b = relative_luminance(other);
  return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

} // namespace aigc
