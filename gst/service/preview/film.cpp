// SPDX-License-Identifier: LGPL-2.1-or-later
// The camera: layers moved against each other, frame by frame, into a clip.
#include "media/clip_writer.h"
#include "media/picture.h"
#include "service/preview/camera.h"
#include "service/preview/keyframe_png.h"
#include "service/preview/layers.h"
#include "service/preview/particles.h"
#include "service/preview/planes.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace aigc::preview {
namespace {

/// How much of the camera's move the farthest layer takes part in.
constexpr double kFarShare = 0.22;
/// When the last frame starts to show, as a share of the clip, and when nothing else does.
constexpr double kFadeStart = 0.55, kFadeEnd = 0.97;
/// What is in the air before a picture that somebody gave, and the tag, take so long to appear: the
/// clip begins on the picture itself, as where it goes on from another clip.
constexpr double kAirSeconds = 0.8;

/// A layer ready to be laid, with what it does over the clip.
struct Card {
  LayerPlanes planes;
  double x, y;
  double share; ///< of the camera's move
  double travel, bob, phase;
};

/// Pixels beyond each edge, where the edge goes on.
struct Margin {
  int x = 0, y = 0;
};

Canvas to_canvas(const Raster& raster, Margin margin) {
  Canvas canvas(raster.width + 2 * margin.x, raster.height + 2 * margin.y);
  std::uint32_t* pixels = canvas.pixels();
  for (int y = 0; y < canvas.height(); ++y) {
    const int from_y = std::clamp(y - margin.y, 0, raster.height - 1);
    for (int x = 0; x < canvas.width(); ++x) {
      const int from_x = std::clamp(x - margin.x, 0, raster.width - 1);
      const std::uint8_t* p =
          raster.rgba.data() + 4 * (static_cast<ptrdiff_t>(from_y) * raster.width + from_x);
      // A clip has no alpha: what is clear shows black.
      const auto lit = [&](int i) { return static_cast<std::uint32_t>(p[i] * p[3] / 255); };
      pixels[static_cast<ptrdiff_t>(y) * canvas.stride() + x] =
          0xff000000 | lit(0) << 16 | lit(1) << 8 | lit(2);
    }
  }
  cairo_surface_mark_dirty(canvas.surface());
  return canvas;
}

LayerPlanes fitted(GBytes* picture, int width, int height, Margin margin, Cancel& cancel) {
  const Raster raster = decode_picture(picture, cancel);
  cancel.check();
  return to_planes(to_canvas(fit_picture(raster, width, height), margin));
}

/// A frame beside the one that is written, to fade to.
class SideFrame {
 public:
  SideFrame(int width, int height)
      : bytes_(static_cast<size_t>(width) * static_cast<size_t>(height) * 3 / 2) {
    std::uint8_t* y = bytes_.data();
    std::uint8_t* u = y + static_cast<ptrdiff_t>(width) * height;
    target_ = {width,
               height,
               {y, u, u + static_cast<ptrdiff_t>(width / 2) * (height / 2)},
               {width, width / 2, width / 2}};
  }
  const Target& target() const { return target_; }

 private:
  std::vector<std::uint8_t> bytes_;
  Target target_{};
};

void fade_to(const Target& target, const std::vector<Placed>& list, double share) {
  const SideFrame other(target.width, target.height);
  compose(list, other.target());
  fade(target, other.target(), static_cast<int>(std::lround(share * 256)));
}

std::vector<std::string> motions_of(const Scene& scene) {
  auto found = read_words(scene.motion).motions;
  if (found.empty()) found = read_words(scene.script).motions;
  if (found.empty()) found = read_words(scene.prompt).motions;
  if (found.empty())
    found.push_back(fitting_motion(read_words(scene.script.empty() ? scene.prompt : scene.script)));
  return found;
}

/// Everything of a clip that does not change from frame to frame.
class Film {
 public:
  Film(const FilmOrder& order, int width, int height, Cancel& cancel)
      : width_(width), height_(height) {
    Scene scene = order.scene;
    scene.width = width;
    scene.height = height;
    const auto own = order.keyframe ? read_scene(order.keyframe.get()) : std::optional(scene);
    const bool layered = own && fits(*own);
    Scene painted = layered ? *own : scene;
    painted.width = width;
    painted.height = height;
    // Words of the picture's own scene stand in where the clip's order has none.
    if (scene.script.empty() && scene.prompt.empty() && scene.motion.empty()) scene = painted;
    flat_ = !layered;
    camera_.emplace(motions_of(scene), flat_);
    if (layered)
      take_layers(paint_layers(painted, cancel), painted);
    else
      take_flat(order.keyframe.get(), scene, cancel);
    if (order.last_frame) last_ = fitted(order.last_frame.get(), width, height, {}, cancel);
  }

  void draw(const Target& target, double seconds, double share) const {
    const double fade_share =
        last_ ? std::clamp((share - kFadeStart) / (kFadeEnd - kFadeStart), 0.0, 1.0) : 0;
    if (fade_share < 1) draw_scene(target, seconds, share);
    if (fade_share > 0) draw_last(target, eased(fade_share));
  }

 private:
  /// A painting of another shape would be composed differently from its keyframe.
  bool fits(const Scene& own) const {
    const double wanted = double(width_) / height_, painted = double(own.width) / own.height;
    return std::abs(wanted / painted - 1) < 0.02;
  }

  void take_layers(Painting painting, const Scene& scene) {
    add_particles(Particles(painting, make_plan(scene).seed));
    add_cards(painting);
  }

  void add_cards(Painting& painting) {
    for (Layer& layer : painting.layers) {
      auto& list = layer.fixed ? fixed_ : cards_;
      const double share = kFarShare + (1 - kFarShare) * layer.depth;
      list.push_back(
          {to_planes(layer.canvas), layer.x, layer.y, share, layer.travel, layer.bob, layer.phase});
      layer.canvas = Canvas(2, 2);
    }
  }

  void take_flat(GBytes* picture, const Scene& scene, Cancel& cancel) {
    const auto even = [](int side) { return 2 * static_cast<int>(side * kFlatMargin / 2 + 1); };
    const Margin margin{even(width_), even(height_)};
    cards_.push_back({fitted(picture, width_, height_, margin, cancel), double(-margin.x),
                      double(-margin.y), 1, 0, 0, 0});
    const Plan plan = make_plan(scene);
    Painting air{Frame(width_, height_),
                 plan.setting,
                 make_palette(plan.setting),
                 {},
                 plan.reading.particles};
    for (const auto& weather : plan.reading.weathers)
      if (weather == "rain" || weather == "snow") air.particles.push_back(weather);
    add_particles(Particles(air, plan.seed));
    paint_tag(air);
    add_cards(air);
  }

  void add_particles(Particles particles) {
    for (const Canvas& sprite : particles.sprites())
      sprites_.push_back(to_planes(sprite));
    particles_.emplace(std::move(particles));
  }

  void draw_scene(const Target& target, double seconds, double share) const {
    const CameraPose pose = camera_->at(share);
    std::vector<Placed> list = place_cards(pose, seconds, share);
    const double air = flat_ ? eased(seconds / kAirSeconds) : 1;
    if (air < 1) compose(list, target);
    if (air > 0) add_air(list, pose, seconds);
    if (air >= 1)
      compose(list, target);
    else if (air > 0)
      fade_to(target, list, air);
  }

  std::vector<Placed> place_cards(const CameraPose& pose, double seconds, double share) const {
    const double middle_x = width_ / 2.0, middle_y = height_ / 2.0;
    std::vector<Placed> list;
    for (const Card& card : cards_) {
      const double scale = 1 + (pose.zoom - 1) * card.share;
      const double x = card.x + card.travel * share;
      const double y = card.y + card.bob * std::sin(2 * M_PI * (seconds / 3 + card.phase)) -
                       card.bob * std::sin(2 * M_PI * card.phase);
      list.push_back({&card.planes,
                      middle_x + (x - middle_x) * scale + pose.x * width_ * card.share,
                      middle_y + (y - middle_y) * scale + pose.y * height_ * card.share, scale});
    }
    return list;
  }

  void add_air(std::vector<Placed>& list, const CameraPose& pose, double seconds) const {
    for (const Placement& place : particles_->at(seconds)) {
      const LayerPlanes& sprite = sprites_[place.sprite];
      list.push_back({&sprite, place.x - place.scale * sprite.y.width / 2 + pose.x * width_,
                      place.y - place.scale * sprite.y.height / 2 + pose.y * height_, place.scale});
    }
    for (const Card& card : fixed_)
      list.push_back({&card.planes, card.x, card.y, 1});
  }

  void draw_last(const Target& target, double share) const {
    const std::vector<Placed> list{{&*last_, 0, 0, 1}};
    if (share >= 1) return compose(list, target);
    fade_to(target, list, share);
  }

  int width_, height_;
  bool flat_ = false; ///< a picture that cannot be taken apart
  std::optional<Camera> camera_;
  std::vector<Card> cards_, fixed_;
  std::vector<LayerPlanes> sprites_;
  std::optional<Particles> particles_;
  std::optional<LayerPlanes> last_;
};

} // namespace

void film(const FilmOrder& order, Cancel& cancel, const std::function<void(int)>& progress) {
  const int width = std::clamp(order.scene.width + order.scene.width % 2, 16, 8192),
            height = std::clamp(order.scene.height + order.scene.height % 2, 16, 8192);
  const int fps = std::clamp(order.fps, 1, 240);
  const auto frames = std::max<gint64>(1, std::llround(order.duration * fps));
  cancel.check();
  const Film film(order, width, height, cancel);
  ClipWriter writer(order.path, width, height, fps, cancel);
  int told = -1;
  for (gint64 i = 0; i < frames; ++i) {
    auto buffer = writer.frame();
    GstVideoFrame mapped;
    if (!gst_video_frame_map(&mapped, &writer.info(), buffer.get(), GST_MAP_WRITE))
      throw Error(Fault::write, "no memory for a frame of " + order.path);
    film.draw(target_of(mapped), double(i) / fps, frames > 1 ? double(i) / double(frames - 1) : 0);
    gst_video_frame_unmap(&mapped);
    writer.push(std::move(buffer));
    const int percent = static_cast<int>(100 * (i + 1) / frames);
    if (progress && percent != told && percent < 100) progress(told = percent);
  }
  writer.finish();
  if (progress) progress(100);
}

} // namespace aigc::preview
