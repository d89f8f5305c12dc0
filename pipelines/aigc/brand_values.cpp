// SPDX-License-Identifier: LGPL-2.1-or-later
// See brand_values.h.
#include "brand_values.h"

#include "text.h"

namespace aigc::runner {

std::map<std::string, std::string> brand_values(const Brand& brand) {
  std::map<std::string, std::string> values;
  const auto add = [&](const char* name, const std::optional<double>& number) {
    if (number) values[name] = plain(*number);
  };
  add("saturation", brand.saturation);
  add("contrast", brand.contrast);
  add("brightness", brand.brightness);
  if (!brand.font.empty()) values["font"] = brand.font;
  if (brand.text_colour) values["title-colour"] = format("#%06X", brand.text_colour->rgb());
  if (brand.logo) {
    values["logo"] = brand.logo->path;
    values["logo-width"] = plain(brand.logo->width);
    values["logo-corner"] = brand.logo->corner;
  }
  add("safe-x", brand.safe_x);
  add("safe-y", brand.safe_y);
  return values;
}

} // namespace aigc::runner
