// SPDX-License-Identifier: LGPL-2.1-or-later
// A painted scene as layers that can be moved against each other.
#pragma once

#include "base/cancel.h"
#include "service/preview/canvas.h"
#include "service/preview/palette.h"
#include "service/preview/preview.h"
#include "service/preview/reading.h"

#include <string>
#include <vector>

namespace aigc::preview {

/// The measures of a picture, in pixels.
struct Frame {
  explicit Frame(int width, int height);
  int width, height;
  double unit;     ///< what sizes are measured in: the height, less for narrow pictures
  double horizon;  ///< y
  double ground;   ///< y of the feet of what stands in front
  double margin_x; ///< painted beyond each edge, for the camera
  double margin_y;
};

struct Layer {
  Canvas canvas;
  double x = 0, y = 0; ///< of the canvas's corner in the picture, pixels
  double depth = 0;    ///< 0 = infinitely far, 1 = right before the camera
  bool fixed = false;  ///< stays where it is: tags and captions
  double travel = 0;   ///< own movement to the right over the whole clip, pixels
  double bob = 0;      ///< own movement up and down, pixels
  double phase = 0;    ///< of the bob, 0..1
};

/// A layer for what is drawn between two heights; drawing is in picture coordinates.
Layer make_layer(const Frame& frame, double top, double bottom, double depth);
/// A layer for one thing, in picture coordinates.
Layer make_box(double left, double top, double right, double bottom, double depth);

struct Painting {
  Frame frame;
  Setting setting;
  Palette palette;
  std::vector<Layer> layers;          ///< back to front; the first is opaque and covers all
  std::vector<std::string> particles; ///< ids: petals, leaves, rain, snow, steam, ...
  double steam_x = 0, steam_y = 0;    ///< where steam rises, pixels
  bool wind = false;
};

/// Understands the scene: words of the script first, then of the prompt, then what suits.
struct Plan {
  Reading reading;
  Setting setting;
  std::string place;
  std::vector<std::string> particles;
  std::uint64_t seed = 0;
};
Plan make_plan(const Scene& scene);

/// Throws Error{Fault::cancelled}.
Painting paint_layers(const Scene& scene, Cancel& cancel);

// The parts of paint_layers(), each in its own file.
void paint_sky(Painting& painting, const Plan& plan, Random& random);
void paint_place(Painting& painting, const Plan& plan, Random& random);
void paint_foreground(Painting& painting, const Plan& plan, Random& random);
void paint_subjects(Painting& painting, const Plan& plan, Random& random);
void paint_overlay(Painting& painting, const Plan& plan);
void paint_tag(Painting& painting);

Ground ground_of(std::string_view place);

} // namespace aigc::preview
