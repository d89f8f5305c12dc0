// SPDX-License-Identifier: LGPL-2.1-or-later
// The places of a scene: what stands far, in the middle and under the feet.
#include "service/preview/layers.h"
#include "service/preview/scenery.h"

#include <algorithm>
#include <cmath>

namespace aigc::preview {
namespace {

/// What every painter of a place works with.
struct Site {
  Painting& painting;
  const Plan& plan;
  Random& random;
  const Frame& frame = painting.frame;
  const Palette& palette = painting.palette;

  Layer layer(double top, double depth) const {
    return make_layer(frame, top, frame.height + frame.margin_y, depth);
  }
  void add(Layer&& layer) const { painting.layers.push_back(std::move(layer)); }
  /// A colour as seen through the air: 0 is near, 1 is at the horizon.
  Colour far(const Colour& colour, double distance) const {
    return mix(colour, palette.haze, distance);
  }
};

void ground_plane(const Site& site, double depth = 0.5) {
  Layer layer = site.layer(site.frame.horizon - site.frame.unit * 0.02, depth);
  paint_ground(layer.canvas.cr(), site.frame, site.palette, site.plan.setting.ground, site.random);
  site.add(std::move(layer));
}

void ridges(const Site& site, int count, double height, double roughness) {
  for (int i = 0; i < count; ++i) {
    const double share = count > 1 ? double(i) / (count - 1) : 1;
    Layer layer =
        site.layer(site.frame.horizon - site.frame.unit * height * 1.3, 0.12 + 0.18 * share);
    const Colour own = mix(site.palette.ground_near, site.palette.sky_top, 0.45 - 0.25 * share);
    const Colour body = site.far(own, 0.78 - 0.5 * share);
    paint_ridge(layer.canvas.cr(), site.frame,
                site.frame.horizon - site.frame.unit * (0.02 + 0.03 * (1 - share)),
                site.frame.unit * height * (1 - 0.5 * share), roughness, body,
                site.far(body, site.palette.manner.mist ? 0.9 : 0.6), site.random);
    site.add(std::move(layer));
  }
}

void mountain(const Site& site) {
  ridges(site, 3, 0.42, 0.55);
  ground_plane(site);
}

void grassland(const Site& site) {
  ridges(site, 2, 0.14, 0.25);
  ground_plane(site);
}

void desert(const Site& site) {
  ridges(site, 3, 0.13, 0.04);
  ground_plane(site);
}

void snowfield(const Site& site) {
  ridges(site, 2, 0.26, 0.5);
  ground_plane(site);
}

void sea(const Site& site) {
  ridges(site, 1, 0.05, 0.3);
  Layer layer = site.layer(site.frame.horizon - 2, 0.35);
  paint_water(layer.canvas.cr(), site.frame, site.palette,
              site.frame.width * (site.plan.seed & 1 ? 0.28 : 0.72), site.random);
  site.add(std::move(layer));
}

void beach(const Site& site) {
  sea(site);
  Layer layer = site.layer(site.frame.ground - site.frame.unit * 0.14, 0.6);
  paint_shore(layer.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(layer));
}

void lake(const Site& site) {
  ridges(site, 2, 0.26, 0.45);
  Layer layer = site.layer(site.frame.horizon - 2, 0.4);
  paint_water(layer.canvas.cr(), site.frame, site.palette,
              site.frame.width * (site.plan.seed & 1 ? 0.28 : 0.72), site.random);
  site.add(std::move(layer));
}

void forest(const Site& site) {
  for (int row = 0; row < 3; ++row) {
    Layer layer = site.layer(0, 0.16 + 0.13 * row);
    const Colour body = site.far(
        mix(site.palette.near, rgb(0x2c5a3c), site.palette.dark ? 0.1 : 0.35), 0.72 - 0.27 * row);
    paint_trunks(layer.canvas.cr(), site.frame,
                 site.frame.horizon + site.frame.unit * (0.01 + 0.05 * row), 0.5 + 0.18 * row, body,
                 site.random);
    site.add(std::move(layer));
  }
  ground_plane(site);
}

void bamboo_grove(const Site& site) {
  for (int row = 0; row < 3; ++row) {
    Layer layer = site.layer(-site.frame.margin_y, 0.16 + 0.13 * row);
    const Colour body = site.far(
        mix(site.palette.near, subject_tones(site.palette, site.plan.setting, "bamboo").mid, 0.7),
        0.7 - 0.27 * row);
    paint_stalks(layer.canvas.cr(), site.frame,
                 site.frame.horizon + site.frame.unit * (0.02 + 0.05 * row), 1 + 0.7 * row, body,
                 site.random);
    site.add(std::move(layer));
  }
  ground_plane(site);
}

void city(const Site& site, bool future) {
  for (int row = 0; row < 3; ++row) {
    Layer layer = site.layer(0, 0.10 + 0.13 * row);
    const Colour own = mix(site.palette.near, site.palette.sky_top, 0.35 - 0.1 * row);
    SkylineLook look;
    look.body = site.far(own, 0.62 - 0.25 * row);
    look.foot = site.far(look.body, 0.45);
    look.window = site.palette.tones.glow;
    look.lit = site.palette.dark ? 0.34 : 0.0;
    look.signs = future;
    look.height = (future ? 0.62 : 0.42) * (1 - 0.22 * row);
    look.spires = future;
    paint_skyline(layer.canvas.cr(), site.frame, site.palette,
                  site.frame.horizon + site.frame.unit * (0.01 + 0.04 * row), look, site.random);
    site.add(std::move(layer));
  }
  ground_plane(site);
}

void street(const Site& site) {
  city(site, false);
  Layer layer = site.layer(0, 0.5);
  paint_street_sides(layer.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(layer));
}

void old_town(const Site& site) {
  ridges(site, 1, 0.25, 0.4);
  for (int row = 0; row < 2; ++row) {
    Layer layer = site.layer(site.frame.horizon - site.frame.unit * 0.45, 0.25 + 0.15 * row);
    const Colour body = site.far(site.palette.tones.mid, 0.5 - 0.3 * row);
    paint_roofs(layer.canvas.cr(), site.frame, site.palette,
                site.frame.horizon + site.frame.unit * (0.01 + 0.05 * row), 0.16 + 0.07 * row, body,
                site.far(site.palette.tones.dark, 0.45 - 0.3 * row), site.random);
    site.add(std::move(layer));
  }
  ground_plane(site);
}

void garden(const Site& site) {
  ridges(site, 2, 0.20, 0.4);
  Layer layer = site.layer(site.frame.horizon - site.frame.unit * 0.3, 0.34);
  const Colour leaf = site.far(mix(site.palette.ground_near, site.palette.near, 0.4), 0.35);
  paint_bushes(layer.canvas.cr(), site.frame, site.frame.horizon + site.frame.unit * 0.02, leaf,
               site.random);
  site.add(std::move(layer));
  ground_plane(site);
}

void space(const Site& site) {
  Layer layer = site.layer(-site.frame.margin_y, 0.05);
  paint_nebula(layer.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(layer));
  Layer limb = site.layer(site.frame.horizon, 0.22);
  paint_limb(limb.canvas.cr(), site.frame, site.palette);
  site.add(std::move(limb));
}

void moon_surface(const Site& site) {
  Layer sky = site.layer(-site.frame.margin_y, 0.05);
  paint_nebula(sky.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(sky));
  ridges(site, 2, 0.16, 0.35);
  ground_plane(site);
}

void underwater(const Site& site) {
  Layer layer = site.layer(-site.frame.margin_y, 0.1);
  paint_depths(layer.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(layer));
  for (int row = 0; row < 2; ++row) {
    Layer reef = site.layer(site.frame.horizon - site.frame.unit * 0.2, 0.3 + 0.25 * row);
    const Colour body = site.far(mix(rgb(0x0d3a52), site.palette.near, 0.4), 0.35 - 0.3 * row);
    paint_reef(reef.canvas.cr(), site.frame,
               site.frame.ground - site.frame.unit * (0.08 - 0.09 * row), body, site.random);
    site.add(std::move(reef));
  }
}

void room(const Site& site) {
  Layer layer = site.layer(-site.frame.margin_y, 0.2);
  paint_room(layer.canvas.cr(), site.frame, site.palette, site.plan.seed & 1);
  site.add(std::move(layer));
}

void table_top(const Site& site) {
  Layer blur = site.layer(-site.frame.margin_y, 0.12);
  paint_bokeh(blur.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(blur));
  Layer table = site.layer(site.frame.ground - site.frame.unit * 0.14, 0.5);
  paint_table(table.canvas.cr(), site.frame, site.palette, site.random);
  site.add(std::move(table));
}

struct PlaceRow {
  const char* id;
  void (*paint)(const Site&);
  Ground ground;
};

constexpr PlaceRow kPlaces[] = {
    {"grassland", grassland, Ground::grass},
    {"future_city", [](const Site& site) { city(site, true); }, Ground::street},
    {"city", [](const Site& site) { city(site, false); }, Ground::street},
    {"street", street, Ground::street},
    {"old_town", old_town, Ground::stone},
    {"mountain", mountain, Ground::grass},
    {"sea", sea, Ground::water},
    {"beach", beach, Ground::water},
    {"lake", lake, Ground::water},
    {"forest", forest, Ground::grass},
    {"bamboo_grove", bamboo_grove, Ground::grass},
    {"garden", garden, Ground::grass},
    {"desert", desert, Ground::sand},
    {"snowfield", snowfield, Ground::snow},
    {"space", space, Ground::none},
    {"moon_surface", moon_surface, Ground::moon},
    {"underwater", underwater, Ground::seabed},
    {"room", room, Ground::wood},
    {"table_top", table_top, Ground::wood},
};

const PlaceRow& row_of(std::string_view place) {
  for (const PlaceRow& row : kPlaces)
    if (place == row.id) return row;
  return kPlaces[0];
}

} // namespace

Ground ground_of(std::string_view place) {
  return row_of(place).ground;
}

void paint_place(Painting& painting, const Plan& plan, Random& random) {
  row_of(plan.place).paint({painting, plan, random});
}

} // namespace aigc::preview
