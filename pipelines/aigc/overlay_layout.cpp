// SPDX-License-Identifier: LGPL-2.1-or-later
// See overlay_layout.h.
#include "overlay_layout.h"

#include "base/error.h"
#include "base/ref.h"
#include "library.h"
#include "media/colour.h"
#include "media/picture.h"
#include "title_text.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <glib.h>

namespace aigc::runner {
namespace {

using Values = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

/// A title's letters, as shares of the picture's shorter side, and its space, of the height.
constexpr double kLargestLetters = 0.1, kSmallestLetters = 0.04, kTitleSpace = 0.4;
constexpr int kLeastLetters = 8; ///< pixels
/// The shade is darkest from the edge over the title, then fades: see shade-dark.png.
constexpr double kShadeBeyondTitle = 1.8;
constexpr size_t kHeadBytes = 64; ///< of a PNG; its size is in them

const Names kLogoInputs = {"logo",   "logo-width", "logo-corner", "safe-x",
                           "safe-y", "width",      "height"};
const Names kTitleInputs = {"title",  "font",   "title-colour", "logo-corner",
                            "safe-x", "safe-y", "width",        "height"};

const std::map<std::string_view, const Names*> kComputed = {
    {"logo.x", &kLogoInputs},
    {"logo.y", &kLogoInputs},
    {"logo.width", &kLogoInputs},
    {"logo.height", &kLogoInputs},
    {"title.text", &kTitleInputs},
    {"title.font", &kTitleInputs},
    {"title.edge", &kTitleInputs},
    {"title.margin", &kTitleInputs},
    {"title.shade", &kTitleInputs},
    {"title.shade-y", &kTitleInputs},
    {"title.shade-height", &kTitleInputs},
};

/// A job's values as numbers.
struct Picture {
  explicit Picture(const Values& values)
      : width(number(values, "width")), height(number(values, "height")),
        margin_x(std::lround(number(values, "safe-x") * width)),
        margin_y(std::lround(number(values, "safe-y") * height)) {}

  static double number(const Values& values, const char* name) {
    return g_ascii_strtod(values.at(name).c_str(), nullptr);
  }

  double width, height;
  long margin_x, margin_y; ///< that stay free
};

PictureInfo logo_size(const std::string& path) {
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  const auto bytes = adopt(g_bytes_new(head.data(), static_cast<gsize>(file.gcount())));
  try {
    return sniff_picture(bytes.get());
  } catch (const Error& error) {
    throw Error(Fault::settings, "logo=" + path + ": " + error.what(), "Save the logo as PNG.");
  }
}

void place_logo(const Values& values, Values& out) {
  const Picture picture(values);
  const PictureInfo logo = logo_size(values.at("logo"));
  const double share = Picture::number(values, "logo-width");
  const double room_x = picture.width - 2 * double(picture.margin_x);
  const double room_y = picture.height - 2 * double(picture.margin_y);
  const double scale =
      std::min({share * picture.width / logo.width, room_x / logo.width, room_y / logo.height});
  const long width = std::max(1L, std::lround(scale * logo.width));
  const long height = std::max(1L, std::lround(scale * logo.height));
  const std::string& corner = values.at("logo-corner");
  const long right = std::lround(picture.width) - picture.margin_x - width;
  const long bottom = std::lround(picture.height) - picture.margin_y - height;
  out["logo.x"] = std::to_string(corner.ends_with("right") ? right : picture.margin_x);
  out["logo.y"] = std::to_string(corner.starts_with("bottom") ? bottom : picture.margin_y);
  out["logo.width"] = std::to_string(width);
  out["logo.height"] = std::to_string(height);
}

bool is_light(const std::string& colour) {
  const Rgb text = read_rgb(colour);
  return contrast_ratio(text, {0, 0, 0}) >= contrast_ratio(text, {255, 255, 255});
}

/// A title stands below, or above when the logo is below, on a shade that comes from that edge.
void place_title(const Values& values, Values& out) {
  const Picture picture(values);
  const double side = std::min(picture.width, picture.height);
  const TitleSpace space{
      .width = static_cast<int>(picture.width - 2 * double(picture.margin_x)),
      .height = static_cast<int>(kTitleSpace * picture.height),
      .largest = std::max(kLeastLetters, static_cast<int>(kLargestLetters * side)),
      .smallest = std::max(kLeastLetters, static_cast<int>(kSmallestLetters * side))};
  const auto spoken = values.find("language");
  const std::string language = spoken == values.end() ? "" : spoken->second;
  const std::string& font = values.at("font");
  const TitleText title = set_title(values.at("title"), font, language, space);
  if (title.lines.empty())
    throw Error(Fault::settings,
                "title=" + values.at("title") + ": too long for a picture of " +
                    values.at("width") + "x" + values.at("height"),
                "Shorten it, or make the picture larger.");
  const bool above = values.contains("logo") && values.at("logo-corner").starts_with("bottom");
  const long shade =
      std::lround(kShadeBeyondTitle * (double(picture.margin_y) + double(title.height)));
  out["title.text"] = title_markup(title, language);
  out["title.font"] = font + " " + std::to_string(title.size) + "px";
  out["title.edge"] = above ? "top" : "bottom";
  out["title.margin"] = std::to_string(picture.margin_y);
  out["title.shade"] =
      job_resource(is_light(values.at("title-colour")) ? "shade-dark.png" : "shade-light.png");
  out["title.shade-y"] = std::to_string((above ? 0 : std::lround(picture.height)) - shade);
  out["title.shade-height"] = std::to_string(2 * shade);
}

bool has_all(const Values& values, const Names& names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const auto& name) { return values.contains(name); });
}

} // namespace

const std::vector<std::string>* overlay_inputs(std::string_view name) {
  const auto found = kComputed.find(name);
  return found == kComputed.end() ? nullptr : found->second;
}

Values lay_out_overlays(const Values& values) {
  Values out;
  if (has_all(values, kLogoInputs)) place_logo(values, out);
  if (has_all(values, kTitleInputs)) place_title(values, out);
  return out;
}

} // namespace aigc::runner
