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

/// What a model takes beside words, as bits.
enum Input : unsigned {
  kWordsOnly = 1,  ///< works without any picture
  kKeyframe = 2,   ///< a picture to begin with
  kLastFrame = 4,  ///< a picture to end on, beside the keyframe
  kReferences = 8, ///< pictures of characters or style
};

/// How fast a service may be asked, per account and model group.
struct Pace {
  const char* group = "";  ///< models of one group share the limit
  double per_second = 0;   ///< creates; 0 = no limit
  unsigned concurrent = 0; ///< tasks under way at once; 0 = no limit
};

/// One line of a service's model table.
struct Model {
  const char* name;
  Role role;
  unsigned inputs = kWordsOnly;
  Size default_size;
  std::span<const Size> sizes; ///< the legal ones; empty = any within the next five
  gint64 min_area = 0;         ///< pixels; 0 = no limit
  gint64 max_area = 0;
  int min_side = 0;
  int max_side = 0;
  int side_step = 1;
  double min_seconds = 0;
  double max_seconds = 0;
  std::span<const double> seconds; ///< the legal lengths; empty = any within the limits
  unsigned max_in_flight = 1;      ///< shots worked on at once where the user says nothing
  Pace pace;                       ///< the service's own limits
  const char* picture_mime = "";   ///< what pictures are delivered as
  /// A server of one's own, which has to keep to size and length: what is far off is refused.
  bool exact = false;
};

/// "WxH".
std::string text_of(Size size);

/// "W:H" to a ratio; throws Error{Fault::settings} for anything else.
double parse_aspect(const std::string& aspect);

/// What a size of film costs: services name three classes by the short side, and their other shapes
/// have about the pixels. "480P", "720P" or "1080P"; empty for no size.
const char* tier_of(Size size);

/// The size to order: the legal one at least as large with the nearest aspect, the smallest of
/// those. A side of 0 follows from `aspect` (0 = the model's own), both 0 = about the default's
/// area. What is smaller than the model makes is ordered larger, in the same aspect. Throws
/// Error{Fault::settings} naming the limit when nothing legal is large enough.
Size choose_size(const Model& model, Size asked, double aspect);

/// The shortest legal length at least as long, in seconds. Throws Error{Fault::settings} naming
/// the limit.
double choose_seconds(const Model& model, double asked);

} // namespace aigc
