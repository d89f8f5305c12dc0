// SPDX-License-Identifier: LGPL-2.1-or-later
// See shot_brand.h.
#include "stage/shot_brand.h"

#include "base/error.h"

namespace aigc {

std::shared_ptr<const Brand> brand_of(const Shot& shot) {
  if (!is_brand_file(shot.brand)) return nullptr;
  try {
    return load_brand(shot.brand);
  } catch (Error& error) {
    // Whatever is wrong with the file, the user set it: no other service would help.
    if (error.fault != Fault::not_found) error.fault = Fault::settings;
    throw;
  }
}

void tell_brand(const Brand& brand, bool is_preview, Request& request) {
  request.negative = with_brand_negative(brand, request.negative);
  if (request.role == Role::words) {
    request.brand = brand_brief(brand);
    return;
  }
  // Beside a keyframe the motion is all that is said.
  if (request.keyframe && !is_blank(request.motion))
    request.motion = with_brand_words(brand, request.motion);
  if (!is_preview) return;
  for (const BrandColour& colour : brand.palette)
    request.palette.push_back(colour.rgb());
}

} // namespace aigc
