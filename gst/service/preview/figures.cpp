// SPDX-License-Identifier: LGPL-2.1-or-later
// The subjects of a scene: where each stands, how big, with its shadow and its light.
#include "service/preview/layers.h"
#include "service/preview/shapes.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

using enum Role;

/// One shape at one place.
struct Figure {
  const Subject* subject;
  std::string shape;
  double x, y; ///< of the point it stands on, pixels
  double scale = 1;
  double depth = 0.72;
  bool mirrored = false;
  bool shadow = true;
  bool reflect = false; ///< stands in water
  double travel = 0, bob = 0;
};

/// How many of a kind are drawn: flocks, groves, fields.
int copies_of(std::string_view id) {
  struct Row {
    const char* id;
    int count;
  };
  constexpr Row kRows[] = {
      {"bird", 5},      {"fish", 4},        {"butterfly", 3}, {"sheep", 3},      {"flower", 9},
      {"sunflower", 7}, {"sky_lantern", 9}, {"fireworks", 3}, {"penguin", 3},    {"cactus", 3},
      {"bamboo", 3},    {"pine", 3},        {"jellyfish", 3}, {"crane_bird", 2}, {"palm", 2},
      {"mushroom", 3},  {"lotus", 4},       {"balloon", 3},   {"maple", 2}};
  for (const Row& row : kRows)
    if (id == row.id) return row.count;
  return 1;
}

bool is(const Subject* subject, std::string_view id) {
  return subject->names.id == id;
}

/// Builds the list of figures, back to front.
class Stage {
 public:
  Stage(const Painting& painting, const Plan& plan, Random& random)
      : frame_(painting.frame), plan_(plan), random_(random),
        wet_(plan.setting.ground == Ground::water && plan.place != "beach") {
    for (const Subject* subject : plan.reading.subjects) {
      // A rose among cups is one more thing on the table.
      const bool laid = subject->role == growth && plan.place == "table_top";
      groups_[static_cast<size_t>(laid ? table : subject->role)].push_back(subject);
    }
  }

  std::vector<Figure> set() {
    side_ = plan_.seed & 1 ? 1 : -1;
    place_sky();
    place_buildings();
    place_tall();
    place_water();
    place_growth();
    place_front();
    place_table();
    std::stable_sort(figures_.begin(), figures_.end(),
                     [](const Figure& a, const Figure& b) { return a.depth < b.depth; });
    return std::move(figures_);
  }

 private:
  std::vector<const Subject*>& group(Role role) { return groups_[static_cast<size_t>(role)]; }
  double unit(double share) const { return frame_.unit * share; }
  bool floating() const { return plan_.place == "space" || plan_.place == "underwater"; }

  Figure& add(const Subject* subject, double x, double y, double scale, double depth) {
    figures_.push_back({subject, subject->names.id, x, y, scale, depth});
    return figures_.back();
  }

  void place_sky() {
    int index = 0;
    for (const Subject* subject : group(sky)) {
      const int copies = copies_of(subject->names.id);
      const bool alone = plan_.reading.subjects.size() == 1;
      const double home =
          frame_.width * (alone ? 0.5 + side_ * 0.06 : 0.5 + side_ * (0.22 - 0.44 * (index % 2)));
      for (int i = 0; i < copies; ++i) {
        const double small = i == 0 ? 1 : random_.between(0.35, 0.75);
        const double x = i == 0 ? home : frame_.width * random_.between(0.12, 0.88);
        double y = frame_.horizon * (i == 0 ? (alone ? 0.72 : 0.50) : random_.between(0.22, 0.80));
        if (is(subject, "dragon")) y = frame_.horizon * (alone ? 0.98 : 0.80);
        const bool far = is(subject, "moon") || is(subject, "planet");
        Figure& figure = add(subject, x, y, small * (alone && i == 0 ? 1.4 : 1),
                             far                        ? 0.03
                             : is(subject, "fireworks") ? 0.1
                                                        : 0.32 + 0.2 * small);
        figure.shadow = false;
        figure.mirrored = i == 0 ? false : random_.below(4) == 0;
        figure.bob = far || is(subject, "fireworks") ? 0 : unit(0.008) * small;
        const bool drifts = is(subject, "balloon") || is(subject, "toy_balloon") ||
                            is(subject, "sky_lantern") || is(subject, "kite");
        figure.travel = far || is(subject, "fireworks")
                            ? 0
                            : unit(drifts ? 0.03 : 0.10) * (figure.mirrored ? -1 : 1);
      }
      ++index;
    }
  }

  void place_buildings() {
    const auto& list = group(building);
    for (size_t i = 0; i < list.size(); ++i) {
      const bool alone = plan_.reading.subjects.size() == 1;
      const double spread = list.size() > 1 ? -0.26 + 0.52 * static_cast<double>(i) /
                                                          static_cast<double>(list.size() - 1)
                                            : (alone ? 0.08 : 0.2);
      const bool near = wet_ || alone;
      Figure& figure = add(list[i], frame_.width * (0.5 - side_ * spread),
                           frame_.horizon + unit(near ? 0.10 : 0.05), alone ? 1.15 : 0.95, 0.44);
      figure.reflect = wet_;
    }
  }

  void place_tall() {
    int index = 0;
    for (const Subject* subject : group(tall)) {
      const int copies = copies_of(subject->names.id);
      const bool alone = plan_.reading.subjects.size() == 1;
      for (int i = 0; i < copies; ++i, ++index) {
        const double x =
            0.5 +
            side_ * (alone && i == 0 ? 0.04 : (index % 2 ? -0.30 : 0.20) + 0.08 * (index / 2));
        Figure& figure =
            add(subject, frame_.width * x, frame_.ground - unit(wet_ ? -0.03 : 0.045 + 0.03 * i),
                (i == 0 ? 1 : 0.72) * random_.between(0.94, 1.06), 0.60 - 0.04 * i);
        figure.mirrored = index % 2 == 1;
      }
    }
  }

  void place_water() {
    int index = 0;
    for (const Subject* subject : group(water)) {
      const int copies = copies_of(subject->names.id);
      const bool alone = plan_.reading.subjects.size() == 1;
      for (int i = 0; i < copies; ++i) {
        const bool swims = plan_.place == "underwater";
        const bool dry = !wet_ && !swims && plan_.place != "beach";
        const double x = frame_.width * (i == 0 ? 0.5 - side_ * (alone ? 0.04 : 0.14 + 0.1 * index)
                                                : random_.between(0.12, 0.88));
        double y = frame_.horizon + unit(i == 0 ? 0.15 : random_.between(0.05, 0.24));
        // A whale over a city swims in the sky; a boat in a meadow lies on the ground.
        const bool flies = dry && subject->names.id != std::string_view("boat") &&
                           subject->names.id != std::string_view("ship");
        if (swims || flies)
          y = frame_.horizon * (i == 0 ? 0.72 : random_.between(0.3, 1.0));
        else if (dry)
          y = frame_.ground;
        Figure& figure = add(
            subject, x, y, (i == 0 ? 1 : random_.between(0.45, 0.8)) * (alone && i == 0 ? 1.3 : 1),
            0.5 + 0.1 * (y > frame_.horizon));
        figure.shadow = dry && !flies;
        figure.reflect = wet_;
        figure.bob = unit(0.006);
        figure.travel = subject->names.id == std::string_view("lotus") ? 0 : unit(0.05);
        if (i == 0 && is(subject, "boat")) ride(figure);
      }
      ++index;
    }
  }

  /// People go aboard.
  void ride(const Figure& boat) {
    const Figure hull = boat;
    auto& people = group(person);
    for (size_t i = 0; i < people.size() && i < 2; ++i) {
      Figure& figure =
          add(people[i], hull.x + unit(0.08 - 0.17 * static_cast<double>(i)) * hull.scale,
              hull.y - unit(0.022) * hull.scale, 0.45 * hull.scale, hull.depth - 0.001);
      figure.shadow = false;
      figure.bob = hull.bob;
      figure.travel = hull.travel;
    }
    people.clear();
  }

  void place_growth() {
    for (const Subject* subject : group(growth)) {
      const int copies = copies_of(subject->names.id);
      const bool hero = plan_.reading.subjects.size() == 1 && copies == 1;
      for (int i = 0; i < copies; ++i) {
        const double near = copies > 1 ? static_cast<double>(i) / (copies - 1) : 1;
        double share = copies > 1 ? i * 0.381966 + 0.1 : hero ? 0.5 : 0.5 - side_ * 0.30;
        share -= std::floor(share);
        // The near ones leave the middle to who stands there.
        if (!hero && near > 0.4 && std::abs(share - 0.5) < 0.24)
          share += share < 0.5 ? -0.26 : 0.26;
        Figure& figure =
            add(subject, frame_.width * share, frame_.ground - unit(0.10 - 0.13 * near),
                (0.45 + 0.45 * near) * (hero ? 1.4 : 0.8), 0.56 + 0.3 * near);
        figure.mirrored = i % 2 == 1;
      }
    }
  }

  std::string pose(const Subject* subject) {
    if (subject->role != person || group(played).empty()) return subject->names.id;
    return is(subject, "hanfu_girl") ? "hanfu_girl_seated" : "person_seated";
  }

  /// People, animals, vehicles and what they play share the front, spread from left to right.
  void place_front() {
    auto& people = group(person);
    auto& hands = group(held);
    // A person and an umbrella are one figure.
    const auto umbrella = std::find_if(hands.begin(), hands.end(),
                                       [](const Subject* s) { return is(s, "umbrella"); });
    const bool sheltered =
        umbrella != hands.end() && !people.empty() && !is(people.front(), "umbrella_person");
    if (sheltered) hands.erase(umbrella);
    std::vector<const Subject*> row = people;
    for (const Role role : {animal, vehicle})
      row.insert(row.end(), group(role).begin(), group(role).end());
    if (people.empty()) row.insert(row.end(), group(played).begin(), group(played).end());
    const bool framed = !group(tall).empty() || !group(building).empty();
    for (size_t i = 0; i < row.size(); ++i) {
      const double spread = row.size() > 1 ? -0.21 + 0.42 * static_cast<double>(i) /
                                                         static_cast<double>(row.size() - 1)
                                           : (framed ? 0.07 : 0.0);
      const int copies = row[i]->role == animal ? copies_of(row[i]->names.id) : 1;
      for (int c = 0; c < copies; ++c) {
        const double x = frame_.width * (0.5 - side_ * spread) +
                         (c ? unit(c % 2 ? 0.30 : -0.30) * (1 + c / 2) : 0);
        const double lift = floating() ? unit(0.28) : wet_ ? unit(0.05) : 0;
        Figure& figure =
            add(row[i], x, frame_.ground - lift - unit(c ? 0.02 * c : 0),
                (c ? 0.85 : 1) * (row.size() == 1 && !framed ? 1.2 : 1.0), 0.72 - 0.01 * c);
        figure.shape = sheltered && i == 0 ? "umbrella_person" : pose(row[i]);
        figure.mirrored = row.size() > 1 && (spread > 0) == (side_ < 0);
        figure.shadow = !floating();
        figure.reflect = wet_;
        if (floating()) figure.bob = unit(0.012);
        if (row[i]->role == vehicle) figure.travel = unit(0.07) * (figure.mirrored ? -1 : 1);
      }
      if (i == 0 && !people.empty()) equip(figures_.back());
    }
    if (people.empty()) place_held();
  }

  /// What the first person plays or carries.
  void equip(const Figure& figure) {
    const Figure holder = figure;
    for (const Subject* subject : group(played)) {
      Figure& instrument =
          add(subject, holder.x, holder.y + unit(0.022), holder.scale, holder.depth + 0.001);
      instrument.mirrored = false;
    }
    double hand = holder.mirrored ? -1 : 1;
    for (const Subject* subject : group(held)) {
      const bool low = is(subject, "campfire");
      Figure& thing = add(subject, holder.x + hand * unit(low ? 0.30 : 0.075) * holder.scale,
                          holder.y - (low ? 0 : unit(0.15)) * holder.scale,
                          (low ? 1 : 0.55) * holder.scale, holder.depth + 0.001);
      thing.shadow = low;
      hand = -hand;
    }
  }

  /// Things without a hand to hold them: lanterns hang, the rest stands large.
  void place_held() {
    for (const Subject* subject : group(held)) {
      if (is(subject, "lantern")) {
        for (int i = 0; i < 7; ++i) {
          const double near = (i * 3 % 7) / 6.0;
          Figure& figure = add(subject, frame_.width * (0.08 + 0.14 * i),
                               frame_.height * (0.20 + 0.16 * near) + unit(0.04 * (i % 2)),
                               0.45 + 0.5 * near, 0.55 + 0.25 * near);
          figure.shadow = false;
          figure.bob = unit(0.004);
        }
        continue;
      }
      add(subject, frame_.width * (0.5 - side_ * 0.02), frame_.ground, 1.5, 0.72);
    }
  }

  void place_table() {
    const auto& list = group(table);
    const bool hero = plan_.place == "table_top";
    for (size_t i = 0; i < list.size(); ++i) {
      const double spread = list.size() > 1 ? -0.24 + 0.48 * static_cast<double>(i) /
                                                          static_cast<double>(list.size() - 1)
                                            : 0;
      const double x = hero ? 0.5 + spread : 0.5 + side_ * (0.28 - 0.1 * static_cast<double>(i));
      add(list[i], frame_.width * x, frame_.ground + unit(hero ? 0.0 : 0.035),
          hero ? (list.size() > 1 ? 0.85 : 1.2) : 0.42, 0.76);
    }
  }

  const Frame& frame_;
  const Plan& plan_;
  Random& random_;
  const bool wet_;
  int side_ = 1;
  std::array<std::vector<const Subject*>, 11> groups_;
  std::vector<Figure> figures_;
};

/// Leaves over the crown of a tree, in three tones lit from above.
void paint_foliage(cairo_t* cr, const Tones& tones, bool blossoms, Random& random) {
  constexpr double kCrowns[][4] = {{-25, -66, 28, 16},
                                   {26, -68, 28, 17},
                                   {0, -84, 32, 18},
                                   {-45, -57, 15, 9},
                                   {48, -58, 16, 10}};
  const Colour& base = blossoms ? tones.accent : tones.mid;
  const Colour& shade = blossoms ? tones.accent2 : tones.dark;
  for (const auto& crown : kCrowns) {
    set_colour(cr, shade);
    cairo_save(cr);
    cairo_translate(cr, crown[0], crown[1] + 1);
    cairo_scale(cr, crown[2] * 0.94, crown[3] * 0.94);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_fill(cr);
    cairo_restore(cr);
  }
  // From the shade outwards, so that the lit leaves lie on top.
  constexpr int kLeaves = 1100;
  for (int i = 0; i < kLeaves; ++i) {
    const double share = double(i) / kLeaves;
    const auto& crown = kCrowns[random.below(5)];
    const double angle = random.between(0, 2 * M_PI), reach = std::sqrt(random.unit()) * 1.07;
    const double height = std::clamp(std::sin(angle) * reach - (share - 0.45) * 0.9, -1.05, 1.05);
    const double light = share + random.between(-0.18, 0.18);
    set_colour(cr,
               light > 0.55 ? mix(base, tones.light, (light - 0.55) * 1.9)
                            : mix(shade, base, std::max(0.0, light / 0.55)),
               0.9);
    cairo_arc(cr, crown[0] + std::cos(angle) * reach * crown[2], crown[1] + height * crown[3],
              random.between(0.7, 1.9), 0, 2 * M_PI);
    cairo_fill(cr);
  }
}

void paint_shadow(cairo_t* cr, const Figure& figure, const Palette& palette, double half,
                  double unit) {
  cairo_save(cr);
  cairo_translate(cr, figure.x, figure.y);
  cairo_scale(cr, 1, 0.13);
  set_radial(cr, 0, 0, half,
             {{0, mix(palette.near, rgb(0x04060c), 0.5), 0.55},
              {0.6, palette.near, 0.32},
              {1, palette.near, 0}});
  cairo_arc(cr, 0, 0, std::max(half, unit * 0.03), 0, 2 * M_PI);
  cairo_fill(cr);
  cairo_restore(cr);
}

bool glows(std::string_view id) {
  for (const char* name :
       {"lantern", "sky_lantern", "candle", "campfire", "lighthouse", "fireworks", "moon",
        "jellyfish", "spaceship", "mech_fox", "robot", "house", "tent"})
    if (id == name) return true;
  return false;
}

/// Extent of a shape in its own units: left, top, right, bottom.
std::array<double, 4> extent_of(const Shape& shape, const Tones& tones) {
  const std::unique_ptr<cairo_surface_t, CairoRelease> recording(
      cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, nullptr));
  {
    const std::unique_ptr<cairo_t, CairoRelease> cr(cairo_create(recording.get()));
    draw_shape(cr.get(), shape.path, tones);
  }
  double x, y, w, h;
  cairo_recording_surface_ink_extents(recording.get(), &x, &y, &w, &h);
  return {x, y, x + w, y + h};
}

class FigurePainter {
 public:
  FigurePainter(Painting& painting, const Plan& plan, Random& random)
      : painting_(painting), plan_(plan), random_(random) {}

  void paint(const Figure& figure) {
    const Shape* shape = find_shape(figure.shape);
    if (!shape) return;
    const Frame& frame = painting_.frame;
    const double scale = frame.unit * shape->size * figure.scale / 100;
    const Tones tones = seen_from(
        subject_tones(painting_.palette, plan_.setting, figure.subject->names.id), figure.depth);
    auto extent = extent_of(*shape, tones);
    const bool leafy =
        figure.shape == "cherry_tree" || figure.shape == "maple" || figure.shape == "tree";
    if (leafy) extent = {-64, -104, 66, 2};
    const double half = std::max(-extent[0], extent[2]) * scale;
    const double light = glows(figure.shape) ? frame.unit * 0.16 * std::max(0.6, figure.scale) : 0,
                 pad = frame.unit * 0.012 + light;
    const double below = figure.reflect ? -extent[1] * scale * 0.8 : extent[3] * scale;
    Layer layer =
        make_box(figure.x - half - pad, figure.y + extent[1] * scale - pad, figure.x + half + pad,
                 figure.y + std::max(below, half * 0.13) + pad, figure.depth);
    cairo_t* cr = layer.canvas.cr();
    if (figure.shadow) paint_shadow(cr, figure, painting_.palette, half * 1.05, frame.unit);
    if (figure.reflect) paint_reflection(cr, figure, *shape, scale, tones);
    if (light > 0)
      glow(cr, figure.x, figure.y + extent[1] * scale * 0.55, light + half * 0.5,
           painting_.palette.tones.glow, painting_.palette.dark ? 0.6 : 0.32);
    paint_body(cr, figure, *shape, scale, tones, leafy);
    layer.travel = figure.travel;
    layer.bob = figure.bob;
    layer.phase = random_.unit();
    painting_.layers.push_back(std::move(layer));
  }

 private:
  Tones seen_from(Tones tones, double depth) const {
    const double air =
        std::clamp((0.7 - depth) * (painting_.palette.manner.mist ? 1.1 : 0.75), 0.0, 0.55);
    for (Colour* colour : {&tones.dark, &tones.mid, &tones.black, &tones.accent, &tones.accent2,
                           &tones.light, &tones.skin, &tones.white})
      *colour = mix(*colour, painting_.palette.haze, air);
    return tones;
  }

  void paint_reflection(cairo_t* cr, const Figure& figure, const Shape& shape, double scale,
                        const Tones& tones) const {
    cairo_save(cr);
    cairo_translate(cr, figure.x, figure.y);
    cairo_scale(cr, figure.mirrored ? -scale : scale, -scale * 0.75);
    const Colour colour = mix(tones.dark, painting_.palette.ground_near, 0.55);
    draw_shape(cr, shape.path, tones, &colour, 0.28);
    cairo_restore(cr);
  }

  /// Rim light from the side of the sun, the shape, then light and ground colour over it.
  void paint_body(cairo_t* cr, const Figure& figure, const Shape& shape, double scale,
                  const Tones& tones, bool leafy) {
    const Palette& palette = painting_.palette;
    const Frame& frame = painting_.frame;
    const double sun = plan_.seed & 1 ? -1 : 1, mirror = figure.mirrored ? -1 : 1;
    cairo_push_group(cr);
    const auto drawn = [&](double dx, double dy, const Colour* silhouette) {
      cairo_save(cr);
      cairo_translate(cr, figure.x + dx, figure.y + dy);
      cairo_scale(cr, mirror * scale, scale);
      draw_shape(cr, shape.path, tones, silhouette);
      if (leafy && !silhouette) paint_foliage(cr, tones, figure.shape != "tree", random_);
      cairo_restore(cr);
    };
    if (palette.manner.outline) {
      const double wide = std::max(0.8, frame.unit * 0.0022);
      for (const auto& [dx, dy] : {std::pair{-wide, 0.0}, {wide, 0.0}, {0.0, -wide}, {0.0, wide}})
        drawn(dx, dy, &tones.black);
    } else {
      const Colour rim = mix(palette.orb, tones.light, 0.3);
      drawn(sun * std::max(0.7, frame.unit * 0.0020), -std::max(0.5, frame.unit * 0.0014), &rim);
    }
    drawn(0, 0, nullptr);
    const double top = figure.y - 100 * scale;
    cairo_set_operator(cr, CAIRO_OPERATOR_ATOP);
    if (!palette.manner.flat) {
      set_vertical(cr, top, figure.y,
                   {{0, palette.orb, 0.10},
                    {0.5, palette.orb, 0},
                    {0.62, palette.near, 0},
                    {1, palette.near, 0.34}});
      cairo_paint(cr);
    }
    cairo_pop_group_to_source(cr);
    cairo_paint(cr);
  }

  Painting& painting_;
  const Plan& plan_;
  Random& random_;
};

} // namespace

void paint_subjects(Painting& painting, const Plan& plan, Random& random) {
  FigurePainter painter(painting, plan, random);
  const auto figures = Stage(painting, plan, random).set();
  for (const Figure& figure : figures) {
    painter.paint(figure);
    if (figure.subject->role == Role::table && painting.steam_x == 0) {
      const Shape* shape = find_shape(figure.shape);
      painting.steam_x = figure.x;
      painting.steam_y =
          figure.y - painting.frame.unit * figure.scale * (shape ? shape->size : 0) * 0.55;
    }
  }
}

} // namespace aigc::preview
