// SPDX-License-Identifier: LGPL-2.1-or-later
// The storyboard artist: what the words ask for, and the order it is painted in.
#include "service/preview/keyframe_png.h"
#include "service/preview/layers.h"
#include "service/preview/particles.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

/// What the camera may move by, as a share of the picture.
constexpr double kMargin = 0.10;

/// Drawn first when a scene names nothing: the seed picks one.
constexpr const char* kAnyPlace[] = {"mountain", "grassland", "lake", "sea", "city", "forest"};

std::string first_of(const std::vector<std::string>& list, const std::vector<std::string>& other) {
  return !list.empty() ? list.front() : !other.empty() ? other.front() : std::string();
}

bool holds(const std::vector<std::string>& list, std::string_view id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

std::string place_of(const Reading& words, const Reading& prompt, std::uint64_t seed) {
  if (!words.places.empty()) return words.places.front();
  for (const Subject* subject : words.subjects)
    if (*subject->home) {
      // A cup beside a person stands where the person is.
      if (subject->role == Role::table && words.subjects.size() > 1 &&
          words.subjects.front()->role != Role::table)
        continue;
      return subject->home;
    }
  if (!prompt.places.empty()) return prompt.places.front();
  if (holds(words.weathers, "sandstorm")) return "desert";
  if (!words.subjects.empty()) {
    const Role role = words.subjects.front()->role;
    if (role == Role::animal) return "grassland";
    // Nobody is left standing on water.
    if (role == Role::person) {
      constexpr const char* kLand[] = {"street", "grassland", "garden", "mountain", "old_town"};
      return kLand[seed % std::size(kLand)];
    }
    if (role == Role::played || words.subjects.front()->names.id == std::string_view("guitar"))
      return "room";
    if (role == Role::vehicle) return "street";
  }
  return kAnyPlace[seed % std::size(kAnyPlace)];
}

std::string weather_of(const Reading& words, const Reading& prompt) {
  for (const char* id : {"storm", "rain", "snow", "sandstorm", "fog", "cloudy", "clear", "heat"})
    if (holds(words.weathers, id)) return id;
  if (!words.weathers.empty()) return "";
  for (const char* id : {"storm", "rain", "snow", "fog"})
    if (holds(prompt.weathers, id)) return id;
  return "";
}

std::string style_of(const Scene& scene, const Reading& words) {
  if (const Style* style = find_style(scene.style); style && scene.style != "cinematic")
    return style->names.id;
  return words.styles.empty() ? "cinematic" : words.styles.front();
}

/// What the words say, then what the things named ask for, then the writer, then the style.
std::string light_of(const Reading& words, const Reading& prompt, const std::string& style,
                     std::string_view place) {
  // Neon and aurora name the light more closely than the night they belong to.
  if (holds(words.lights, "neon")) return "neon";
  if (holds(words.lights, "aurora")) return "aurora";
  if (!words.lights.empty()) return words.lights.front();
  for (const Subject* subject : words.subjects)
    for (const char* id : {"fireworks", "sky_lantern", "moon", "campfire"})
      if (subject->names.id == std::string_view(id)) return "night";
  if (holds(words.particles, "fireflies")) return "night";
  // Without air the sun is white and the sky black.
  if (place == "space" || place == "moon_surface") return "day";
  if (!prompt.lights.empty()) return prompt.lights.front();
  const Style* known = find_style(style);
  return known ? known->light : "golden";
}

std::vector<std::string> particles_of(const Reading& words, const std::string& place,
                                      const std::string& weather) {
  std::vector<std::string> list = words.particles;
  const auto add = [&](const char* id) {
    if (!holds(list, id)) list.emplace_back(id);
  };
  if (weather == "rain" || weather == "storm") add("rain");
  if (weather == "snow") add("snow");
  if (weather == "sandstorm") add("dust");
  if (place == "underwater") add("bubbles");
  for (const Subject* subject : words.subjects) {
    const std::string_view id = subject->names.id;
    if (id == "tea_cup" || id == "coffee" || id == "noodles" || id == "teapot") add("steam");
    if (id == "campfire" || id == "fireworks") add("sparkles");
    if (id == "cherry_tree" && holds(words.weathers, "wind")) add("petals");
    if (id == "maple") add("leaves");
  }
  return list;
}

} // namespace

Frame::Frame(int w, int h)
    : width(w), height(h), unit(std::min<double>(h, 1.25 * w)), horizon(0.63 * h),
      ground(0.865 * h), margin_x(std::ceil(kMargin * w)), margin_y(std::ceil(kMargin * h)) {}

Layer make_box(double left, double top, double right, double bottom, double depth) {
  left = std::floor(left);
  top = std::floor(top);
  // Canvases are even in size and place, so that half-size colour planes line up.
  const auto even = [](double x) { return 2 * static_cast<int>(std::ceil(x / 2)); };
  left -= std::fmod(std::abs(left), 2);
  top -= std::fmod(std::abs(top), 2);
  Layer layer{Canvas(std::max(2, even(right - left)), std::max(2, even(bottom - top)))};
  layer.x = left;
  layer.y = top;
  layer.depth = depth;
  cairo_translate(layer.canvas.cr(), -left, -top);
  return layer;
}

Layer make_layer(const Frame& frame, double top, double bottom, double depth) {
  return make_box(-frame.margin_x, std::max(top, -frame.margin_y), frame.width + frame.margin_x,
                  std::min(bottom, frame.height + frame.margin_y), depth);
}

Plan make_plan(const Scene& scene) {
  Plan plan;
  const std::string& words = scene.script.empty() ? scene.prompt : scene.script;
  plan.reading = read_words(words);
  const Reading prompt = scene.script.empty() ? Reading() : read_words(scene.prompt);
  // Low bits choose between compositions: spread them.
  plan.seed = Random(text_hash(words, static_cast<std::uint64_t>(scene.seed))).bits();
  plan.place = place_of(plan.reading, prompt, plan.seed >> 8);
  plan.setting.style = style_of(scene, plan.reading);
  plan.setting.weather = weather_of(plan.reading, prompt);
  plan.setting.light = light_of(plan.reading, prompt, plan.setting.style, plan.place);
  plan.setting.mood = first_of(read_words(scene.mood).moods, plan.reading.moods);
  plan.setting.ground = ground_of(plan.place);
  plan.setting.brand = scene.palette;
  plan.particles = particles_of(plan.reading, plan.place, plan.setting.weather);
  return plan;
}

/// Grass, branches and blurred stems close to the camera close the frame.
void paint_foreground(Painting& painting, const Plan& plan, Random& random) {
  const Frame& frame = painting.frame;
  if (painting.palette.manner.flat || plan.setting.ground == Ground::none ||
      plan.setting.ground == Ground::wood)
    return;
  if (plan.setting.ground != Ground::grass && plan.setting.ground != Ground::seabed) return;
  Layer layer =
      make_layer(frame, frame.height - frame.unit * 0.16, frame.height + frame.margin_y, 1);
  cairo_t* cr = layer.canvas.cr();
  const Colour body = mix(painting.palette.near, painting.palette.ground_near, 0.25);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  // Two more rows below the edge are seen when the camera draws back or sinks.
  constexpr int kRows = 3, kBlades = 230;
  for (int i = 0; i < kRows * kBlades; ++i) {
    const int row = i / kBlades;
    const double x = random.between(-frame.margin_x, frame.width + frame.margin_x);
    // Low in the middle, where the figures are, high at the sides.
    const double side = std::abs(x / frame.width - 0.5) * 2;
    const double high = frame.unit * random.between(0.02, 0.045 + 0.09 * side * side),
                 lean = high * random.between(-0.5, 0.7);
    const double foot = frame.height + frame.unit * (0.01 + 0.035 * row);
    set_colour(cr, mix(body, painting.palette.orb, 0.12 * random.unit()));
    cairo_move_to(cr, x - frame.unit * 0.004, foot);
    cairo_curve_to(cr, x, foot - high * 0.5, x + lean * 0.5, foot - high * 0.8, x + lean,
                   foot - high);
    cairo_curve_to(cr, x + lean * 0.6, foot - high * 0.7, x + frame.unit * 0.005, foot - high * 0.4,
                   x + frame.unit * 0.005, foot);
    cairo_fill(cr);
  }
  painting.layers.push_back(std::move(layer));
}

namespace {

/// Mist between the far and the near, and low over the ground.
void paint_mist(Painting& painting, const Plan& plan, Random& random) {
  const bool fog = plan.setting.weather == "fog";
  if (!fog && !painting.palette.manner.mist) return;
  const Frame& frame = painting.frame;
  Layer layer =
      make_layer(frame, frame.horizon - frame.unit * 0.32, frame.horizon + frame.unit * 0.2, 0.4);
  cairo_t* cr = layer.canvas.cr();
  const Colour mist = mix(painting.palette.haze, rgb(0xffffff), painting.palette.dark ? 0.12 : 0.4);
  for (int i = 0; i < (fog ? 26 : 11); ++i) {
    cairo_save(cr);
    cairo_translate(cr, random.between(-0.1, 1.1) * frame.width,
                    frame.horizon - frame.unit * random.between(-0.08, 0.2));
    cairo_scale(cr, 1, 0.18);
    glow(cr, 0, 0, frame.unit * random.between(0.3, 0.6), mist, fog ? 0.6 : 0.5);
    cairo_restore(cr);
  }
  layer.travel = frame.unit * 0.08;
  painting.layers.push_back(std::move(layer));
}

} // namespace

Painting paint_layers(const Scene& scene, Cancel& cancel) {
  const Plan plan = make_plan(scene);
  Painting painting{Frame(scene.width, scene.height),
                    plan.setting,
                    make_palette(plan.setting),
                    {},
                    plan.particles};
  painting.wind = holds(plan.reading.weathers, "wind") || plan.setting.weather == "storm";
  // Each part has its own source, so that a change in one does not reshuffle the others.
  const auto part = [&](auto paint, std::uint64_t salt) {
    cancel.check();
    Random random(plan.seed ^ (salt * 0x632be59bd9b4e019));
    paint(painting, plan, random);
  };
  part(paint_sky, 1);
  part(paint_place, 2);
  part(paint_mist, 3);
  part(paint_subjects, 4);
  part(paint_foreground, 5);
  cancel.check();
  paint_overlay(painting, plan);
  return painting;
}

namespace {

/// The layers as they stand at the first frame, over each other.
Canvas flatten(const Painting& painting, std::uint64_t seed) {
  Canvas canvas(painting.frame.width, painting.frame.height);
  cairo_t* cr = canvas.cr();
  const auto lay = [&](const Layer& layer) {
    cairo_set_source_surface(cr, layer.canvas.surface(), layer.x, layer.y);
    cairo_paint(cr);
  };
  for (const Layer& layer : painting.layers)
    if (!layer.fixed) lay(layer);
  const Particles particles(painting, seed);
  for (const Placement& place : particles.at(0)) {
    const Canvas& sprite = particles.sprites()[place.sprite];
    cairo_save(cr);
    cairo_translate(cr, place.x, place.y);
    cairo_scale(cr, place.scale, place.scale);
    cairo_set_source_surface(cr, sprite.surface(), -sprite.width() / 2.0, -sprite.height() / 2.0);
    cairo_paint(cr);
    cairo_restore(cr);
  }
  for (const Layer& layer : painting.layers)
    if (layer.fixed) lay(layer);
  return canvas;
}

/// Even and within what can be painted.
Scene checked(Scene scene) {
  scene.width = std::clamp(scene.width + scene.width % 2, 2, 8192);
  scene.height = std::clamp(scene.height + scene.height % 2, 2, 8192);
  return scene;
}

} // namespace

Ref<GBytes> paint(const Scene& order, Cancel& cancel) {
  const Scene scene = checked(order);
  const Painting painting = paint_layers(scene, cancel);
  cancel.check();
  return write_keyframe(flatten(painting, make_plan(scene).seed), scene);
}

} // namespace aigc::preview
