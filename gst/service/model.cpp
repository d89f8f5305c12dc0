// SPDX-License-Identifier: LGPL-2.1-or-later
// See model.h.
#include "service/model.h"

#include "base/error.h"
#include "shot/shot.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>

namespace aigc {

namespace {

/// Of the longer side to the shorter, where a model bounds the area.
constexpr double kMaxRatio = 8;

double ratio(Size size) {
  return static_cast<double>(size.width) / size.height;
}

std::string text_of(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

int rounded_up(double side, int step) {
  return static_cast<int>(std::ceil((side - 1e-6) / step)) * step;
}

int rounded_down(double side, int step) {
  return static_cast<int>(std::floor((side + 1e-6) / step)) * step;
}

/// Fills in sides that were not given.
Size complete(const Model& model, Size asked, double aspect) {
  if (aspect <= 0) aspect = ratio(model.default_size);
  const double area = static_cast<double>(model.default_size.width) * model.default_size.height;
  const auto even = [](double side) { return static_cast<int>(std::lround(side / 2)) * 2; };
  if (asked.width && asked.height) return asked;
  if (asked.width) return {asked.width, even(asked.width / aspect)};
  if (asked.height) return {even(asked.height * aspect), asked.height};
  return {even(std::sqrt(area * aspect)), even(std::sqrt(area / aspect))};
}

void check_side(const Model& model, const char* name, int side, int minimum, int maximum) {
  if (side >= minimum && side <= maximum) return;
  throw Error(Fault::settings, std::string(name) + " is " + std::to_string(side),
              std::string(model.name) + " takes " + std::to_string(minimum) + " to " +
                  std::to_string(maximum) + " pixels");
}

[[noreturn]] void refuse_area(const Model& model, Size asked) {
  throw Error(Fault::settings,
              "the size " + text_of(asked) + " is more than " + model.name + " makes",
              "ask for at most " + std::to_string(model.max_area) + " pixels in all");
}

/// The largest size of that aspect where it is wider or higher than the model makes, and not as
/// narrow where there is none.
Size within_sides(const Model& model, Size whole) {
  const int longer = std::max(whole.width, whole.height);
  if (longer <= model.max_side) return whole;
  const double scale = static_cast<double>(model.max_side) / longer;
  const auto scaled = [&](int side) {
    return std::max(rounded_down(side * scale, model.side_step), model.min_side);
  };
  return {scaled(whole.width), scaled(whole.height)};
}

/// Grown to the smallest legal size where `whole` is smaller. A size that only an aspect asked for
/// is shrunk to the largest.
Size choose_free(const Model& model, Size whole, bool aspect_only) {
  if (aspect_only) whole = within_sides(model, whole);
  check_side(model, "width", whole.width, kMinSide, model.max_side);
  check_side(model, "height", whole.height, kMinSide, model.max_side);
  const double shape = ratio(whole);
  if (model.max_area && (shape > kMaxRatio || shape < 1 / kMaxRatio))
    throw Error(Fault::settings, "the size is " + text_of(whole),
                std::string(model.name) + " makes pictures from 1:8 to 8:1");
  const double area = static_cast<double>(whole.width) * whole.height;
  double scale =
      std::max(1.0, static_cast<double>(model.min_side) / std::min(whole.width, whole.height));
  scale = std::max(scale, std::sqrt(static_cast<double>(model.min_area) / area));
  if (model.max_area && area * scale * scale > static_cast<double>(model.max_area)) {
    if (!aspect_only) refuse_area(model, whole);
    scale = std::sqrt(static_cast<double>(model.max_area) / area);
    return {rounded_down(whole.width * scale, model.side_step),
            rounded_down(whole.height * scale, model.side_step)};
  }
  const Size size{rounded_up(whole.width * scale, model.side_step),
                  rounded_up(whole.height * scale, model.side_step)};
  check_side(model, "width", size.width, model.min_side, model.max_side);
  check_side(model, "height", size.height, model.min_side, model.max_side);
  if (model.max_area && static_cast<gint64>(size.width) * size.height > model.max_area)
    refuse_area(model, whole);
  return size;
}

/// Distance of the aspects. Services call 832x480 16:9, so what is that near counts as the same.
double distance(Size size, Size asked) {
  return std::round(std::abs(std::log(ratio(size) / ratio(asked))) * 10);
}

/// A side that follows from the aspect need not be reached to the pixel: 1664x928 is 16:9.
bool reaches(Size size, Size whole, Size asked) {
  constexpr double enough = 0.98;
  return size.width >= (asked.width ? whole.width : whole.width * enough) &&
         size.height >= (asked.height ? whole.height : whole.height * enough);
}

Size choose_listed(const Model& model, Size whole, Size asked) {
  check_side(model, "width", whole.width, kMinSide, kMaxSide);
  check_side(model, "height", whole.height, kMinSide, kMaxSide);
  const bool aspect_only = !asked.width && !asked.height;
  // Smaller is better: the aspect first, then the area.
  const auto badness = [&](Size size) {
    const double area = static_cast<double>(size.width) * size.height;
    const double wanted = static_cast<double>(whole.width) * whole.height;
    return std::tuple(distance(size, whole),
                      aspect_only ? std::abs(std::log(area / wanted)) : area);
  };
  const Size* best = nullptr;
  for (const Size& size : model.sizes) {
    if (!aspect_only && !reaches(size, whole, asked)) continue;
    if (!best || badness(size) < badness(*best)) best = &size;
  }
  if (best) return *best;
  std::string known;
  for (const Size& size : model.sizes)
    known += (known.empty() ? "" : ", ") + text_of(size);
  throw Error(Fault::settings, "the size " + text_of(whole) + " is more than any of " + model.name,
              "ask for one that fits into " + known);
}

} // namespace

std::string text_of(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

double parse_aspect(const std::string& aspect) {
  int width = 0, height = 0;
  const char* end = aspect.data() + aspect.size();
  const auto first = std::from_chars(aspect.data(), end, width);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ':') {
    const auto second = std::from_chars(first.ptr + 1, end, height);
    const bool whole = second.ec == std::errc() && second.ptr == end;
    if (whole && width > 0 && height > 0 && width <= kMaxRatio * height &&
        height <= kMaxRatio * width)
      return static_cast<double>(width) / height;
  }
  throw Error(Fault::settings, "aspect is \"" + aspect + "\"",
              "write it as width:height, such as 16:9, from 1:8 to 8:1");
}

Size choose_size(const Model& model, Size asked, double aspect) {
  const Size whole = complete(model, asked, aspect);
  if (!model.sizes.empty()) return choose_listed(model, whole, asked);
  return choose_free(model, whole, !asked.width && !asked.height);
}

double choose_seconds(const Model& model, double asked) {
  if (!(asked >= kMinShotSeconds) || asked > model.max_seconds)
    throw Error(Fault::settings, "duration is " + text_of(asked) + " s",
                std::string(model.name) + " makes clips of " + text_of(kMinShotSeconds) + " to " +
                    text_of(model.max_seconds) + " s");
  for (double legal : model.seconds)
    if (legal >= asked) return legal;
  return std::max(asked, model.min_seconds);
}

const char* tier_of(Size size) {
  const auto pixels = static_cast<gint64>(size.width) * size.height;
  if (pixels <= 0) return "";
  if (pixels < 600'000) return "480P";
  return pixels < 1'400'000 ? "720P" : "1080P";
}

} // namespace aigc
