// SPDX-License-Identifier: LGPL-2.1-or-later
// What a model accepts, and the nearest legal order for what was asked.
#pragma once

#include "store/result.h"

#include <span>
#include <string>

namespace aigc {

/// Pixels.
struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

/// One line of a service's model table.
struct Model {
  const char* name;
  Role role;
  Size default_size;
  std::span<const Size> sizes; ///< the legal ones; empty = any within the next three
  int min_side = 0;
  int max_side = 0;
  int side_step = 1;
  double min_seconds = 0;
  double max_seconds = 0;
  std::span<const double> seconds; ///< the legal lengths; empty = any within the limits
  unsigned max_in_flight = 1;      ///< calls the service takes at once
  const char* picture_mime = "";   ///< what pictures are delivered as
};

/// "W:H" to a ratio; throws Error{Fault::settings} for anything else.
double parse_aspect(const std::string& aspect);

/// The size to order: the legal one at least as large with the nearest aspect, the smallest of
/// those. A side of 0 follows from `aspect` (0 = the model's own), both 0 = about the default's
/// area. Throws Error{Fault::settings} naming the limit when nothing legal is large enough.
Size choose_size(const Model& model, Size asked, double aspect);

/// The shortest legal length at least as long, in seconds. Throws Error{Fault::settings} naming
/// the limit.
double choose_seconds(const Model& model, double asked);

} // namespace aigc
