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

double ratio(Size size) {
  return static_cast<double>(size.width) / size.height;
}

std::string text_of(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string text_of(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

int rounded_up(double side, int step) {
  return static_cast<int>(std::ceil((side - 1e-6) / step)) * step;
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

Size choose_free(const Model& model, Size asked) {
  check_side(model, "width", asked.width, model.min_side, model.max_side);
  check_side(model, "height", asked.height, model.min_side, model.max_side);
  return {rounded_up(asked.width, model.side_step), rounded_up(asked.height, model.side_step)};
}

/// Smaller is better: distance of the aspects first, then the area.
std::tuple<double, int> badness(Size size, Size asked) {
  const double distance = std::abs(std::log(ratio(size) / ratio(asked)));
  return {std::round(distance * 1000), size.width * size.height};
}

Size choose_listed(const Model& model, Size asked) {
  check_side(model, "width", asked.width, kMinSide, kMaxSide);
  check_side(model, "height", asked.height, kMinSide, kMaxSide);
  const Size* best = nullptr;
  for (const Size& size : model.sizes) {
    if (size.width < asked.width || size.height < asked.height) continue;
    if (!best || badness(size, asked) < badness(*best, asked)) best = &size;
  }
  if (best) return *best;
  std::string known;
  for (const Size& size : model.sizes)
    known += (known.empty() ? "" : ", ") + text_of(size);
  throw Error(Fault::settings, "the size " + text_of(asked) + " is more than any of " + model.name,
              "ask for one that fits into " + known);
}

} // namespace

double parse_aspect(const std::string& aspect) {
  int width = 0, height = 0;
  const char* end = aspect.data() + aspect.size();
  const auto first = std::from_chars(aspect.data(), end, width);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ':') {
    const auto second = std::from_chars(first.ptr + 1, end, height);
    const bool whole = second.ec == std::errc() && second.ptr == end;
    if (whole && width > 0 && height > 0 && width <= 8 * height && height <= 8 * width)
      return static_cast<double>(width) / height;
  }
  throw Error(Fault::settings, "aspect is \"" + aspect + "\"",
              "write it as width:height, such as 16:9, from 1:8 to 8:1");
}

Size choose_size(const Model& model, Size asked, double aspect) {
  const Size whole = complete(model, asked, aspect);
  if (!model.sizes.empty()) return choose_listed(model, whole);
  return choose_free(model, whole);
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

} // namespace aigc
