// SPDX-License-Identifier: LGPL-2.1-or-later
// See palette.h.
#include "service/preview/palette.h"

#include "service/preview/brand_colours.h"

#include <algorithm>

namespace aigc::preview {
namespace {

struct LightRow {
  const char* id;
  unsigned top, middle, horizon, orb, ambient;
  Orb orb_kind;
  double orb_height, stars;
  bool dark;
};

constexpr LightRow kLights[] = {
    {"day", 0x2f7ecb, 0x7fbce6, 0xd9ecef, 0xfffbe6, 0xfffaf0, Orb::sun, 0.80, 0, false},
    {"dawn", 0x6a86bb, 0xe9b9b4, 0xffe6c2, 0xfff0d0, 0xf3d9cf, Orb::sun, 0.20, 0, false},
    {"golden", 0x567ba6, 0xe2b37c, 0xffdf9f, 0xfff3c8, 0xf8cf9a, Orb::sun, 0.30, 0, false},
    {"sunset", 0x33285c, 0xc4476a, 0xffad63, 0xffe09a, 0xcf8f80, Orb::sun, 0.12, 0.15, true},
    {"night", 0x0a1230, 0x1b2f61, 0x4c6a9c, 0xf6f2da, 0x6176b4, Orb::moon, 0.66, 0.9, true},
    {"neon", 0x0b0722, 0x35125e, 0xb93a98, 0xff9ae0, 0x9c82d4, Orb::none, 0.6, 0.2, true},
    {"candlelight", 0x150b12, 0x3d1e1c, 0x98552c, 0xffd489, 0xd69a68, Orb::none, 0.4, 0.3, true},
    {"aurora", 0x061026, 0x0d2945, 0x2c6f75, 0xe8fff4, 0x6c9db4, Orb::none, 0.7, 1, true},
};

/// Luma is mapped to three colours, and mixed with the colour itself.
struct StyleRow {
  const char* id;
  unsigned shadow, middle, high;
  double amount; ///< of the mapping
  double saturation;
  double lift; ///< towards white
  unsigned accent, accent2;
  Manner manner;
};

constexpr StyleRow kStyles[] = {
    {"cinematic", 0x0b1f2a, 0x8c7361, 0xffe3b8, 0.22, 1.0, 0, 0xb23a48, 0xd9a441, {}},
    {"cyberpunk", 0x090720, 0x7a1fa8, 0x59f0ff, 0.45, 1.25, 0, 0xff2e88, 0x22e1ff, {}},
    {"watercolor",
     0x4a6078,
     0xa9bdc4,
     0xfffaf0,
     0.20,
     0.85,
     0.22,
     0xc8566b,
     0xe0a75a,
     {.paper = true}},
    {"ink",
     0x22262b,
     0x8d9093,
     0xf4efe4,
     0.90,
     0.7,
     0.10,
     0xc23a2c,
     0x9a5a40,
     {.paper = true, .mist = true}},
    {"anime",
     0x22366e,
     0x8fb6e8,
     0xffffff,
     0.08,
     1.30,
     0.04,
     0xe8485c,
     0xffc34a,
     {.outline = true}},
    {"documentary", 0x232a2c, 0x8a8a80, 0xf2efe8, 0.12, 0.80, 0, 0xa0433c, 0xb98c4a, {}},
    {"noir", 0x07080c, 0x6c7078, 0xf2f2ee, 1.0, 0, 0, 0x8c8c90, 0xb8b8b8, {.mist = true}},
    {"oil", 0x2a1a18, 0x9a7350, 0xffe9b8, 0.20, 1.15, 0, 0xb4382f, 0xdc9f3c, {.brush = true}},
    {"clay", 0x5a4658, 0xd2a48c, 0xfff2df, 0.22, 1.10, 0.10, 0xe0604f, 0xf2b84b, {.flat = true}},
    {"minimal", 0x2b3a4a, 0x9fb3b8, 0xf7f3ea, 0.45, 0.75, 0.06, 0xe4573d, 0xf0b24a, {.flat = true}},
    {"papercut", 0x4a0c18, 0xc72c35, 0xfbdc98, 0.70, 1.1, 0, 0xb3141f, 0xf0b94a, {.flat = true}},
    {"ukiyoe",
     0x14305a,
     0x7ba6b0,
     0xf3e4c2,
     0.55,
     0.95,
     0,
     0xd1492e,
     0xd9a03f,
     {.paper = true, .flat = true, .outline = true}},
    {"fantasy", 0x1a1440, 0x6d6fc0, 0xd9fff0, 0.30, 1.20, 0, 0xd458a8, 0xffd271, {.mist = true}},
    {"retro", 0x3a2c26, 0xa98b66, 0xf7e3bb, 0.45, 0.80, 0.08, 0xb5523b, 0xd9a13f, {.paper = true}},
};

struct Veil {
  const char* weather;
  unsigned colour;
  double amount;
  double cloud;
  bool hides_orb;
};

constexpr Veil kVeils[] = {
    {"rain", 0x8593a3, 0.45, 0.7, true},   {"snow", 0xc9d4e0, 0.40, 0.5, true},
    {"fog", 0xcfd6da, 0.50, 0.2, false},   {"storm", 0x4d5566, 0.66, 0.95, true},
    {"cloudy", 0xb9c3cc, 0.35, 1.0, true}, {"sandstorm", 0xd9a85e, 0.60, 0.2, false},
    {"heat", 0xf2cf8e, 0.25, 0.1, false},  {"clear", 0x5aa6ea, 0.0, 0.0, false},
};

/// The colours a subject has by nature: accent, second accent, middle tone; 0 = the style's.
struct NaturalRow {
  const char* id;
  unsigned accent, accent2, mid, light;
};

constexpr NaturalRow kNatural[] = {
    {"hanfu_girl", 0, 0xe6b866, 0, 0xfbeee4},
    {"cherry_tree", 0xf3a3b9, 0xe07f9e, 0, 0xffdfe8},
    {"maple", 0xdb5a2b, 0xb93a22, 0, 0xf6a24b},
    {"tree", 0, 0, 0x55824a, 0x9cbd68},
    {"pine", 0, 0, 0x3f6a52, 0x7fa382},
    {"willow", 0, 0, 0x6f9a56, 0xa9c77a},
    {"palm", 0x8a5a30, 0x9a6a38, 0x4f8a5a, 0x8ab878},
    {"bamboo", 0, 0, 0x5c9a52, 0xa8cf80},
    {"fox", 0xdc6b2c, 0, 0, 0},
    {"tiger", 0xe08a34, 0xc87428, 0, 0},
    {"lion", 0xd7a255, 0x9a5e2a, 0, 0},
    {"cactus", 0xe8607a, 0, 0x4f8a58, 0x8abf88},
    {"rose", 0xc72c41, 0x9e1c34, 0x47764a, 0},
    {"lotus", 0xe98aa6, 0xf0c05a, 0x4d8a68, 0xfbd3de},
    {"sunflower", 0, 0x7a4a20, 0x55824a, 0},
    {"flower", 0xe0587a, 0xf4b8c4, 0x55884e, 0xf6e6f0},
    {"mushroom", 0xc8342e, 0, 0, 0xf4e6d0},
    {"turtle", 0, 0x8aa050, 0x4f7a4a, 0},
    {"fish", 0xe8602c, 0xc43c22, 0, 0},
    {"apple", 0xcf2f34, 0x9a1f2c, 0x5a9048, 0},
    {"camel", 0xb8433a, 0, 0, 0},
    {"pagoda", 0xa8322c, 0, 0x7a4a3a, 0},
    {"torii", 0xd1432c, 0, 0, 0},
    {"coffee", 0, 0x5a3420, 0, 0},
    {"tea_cup", 0x4a7a9a, 0x9a8a3a, 0, 0xeef0ea},
    {"guzheng", 0, 0xb87a3c, 0, 0xf2dcb0},
    {"guitar", 0xb06a30, 0xd89a58, 0, 0},
    {"planet", 0xc88a58, 0xe0b888, 0, 0xf4dcb4},
    {"jellyfish", 0xc48af0, 0x8ac4f8, 0, 0xf2e4ff},
    {"whale", 0, 0, 0x3a5a7c, 0xbcd0de},
    {"dolphin", 0, 0, 0, 0xc6d6e2},
    {"lantern", 0xc9252d, 0, 0, 0xffd08a},
    {"dragon", 0xd8a03c, 0, 0x3c8a6c, 0xf2e8c8},
    {"penguin", 0xf0a040, 0xf0a040, 0, 0},
    {"noodles", 0xb8322e, 0xd89a4a, 0x5a9a4a, 0xf4ead8},
};

constexpr unsigned kGrounds[] = {0x6f9a52, 0xe2c68e, 0xeef4fa, 0x9a968f, 0x4a4f5e,
                                 0x3f7fa6, 0x7d4d30, 0xa9a9ad, 0x2c6478, 0x30364a};

template <typename Row, size_t N> const Row& row_of(const Row (&table)[N], std::string_view id) {
  for (const Row& row : table)
    if (id == row.id) return row;
  return table[0];
}

Colour times(const Colour& a, const Colour& b) {
  return {a.r * b.r, a.g * b.g, a.b * b.b};
}

Colour graded(const StyleRow& style, const Colour& colour) {
  const double y = std::clamp(luma(colour), 0.0, 1.0);
  const Colour mapped = y < 0.5 ? mix(rgb(style.shadow), rgb(style.middle), y * 2)
                                : mix(rgb(style.middle), rgb(style.high), y * 2 - 1);
  const Colour own = saturated(colour, style.saturation);
  return mix(mix(own, mapped, style.amount), rgb(0xffffff), style.lift);
}

const Veil* veil_of(std::string_view weather) {
  for (const Veil& veil : kVeils)
    if (weather == veil.weather) return &veil;
  return nullptr;
}

double mood_saturation(std::string_view mood) {
  if (mood == "lonely") return 0.72;
  if (mood == "joyful") return 1.18;
  if (mood == "tense") return 0.85;
  return 1;
}

/// Ink paints night on white paper all the same: it lifts what would be black.
Colour readable(const StyleRow& style, const Colour& colour) {
  return style.id == std::string_view("ink") ? mix(colour, rgb(0xffffff), 0.45) : colour;
}

Tones base_tones(const StyleRow& style, const Colour& ambient) {
  const auto lit = [&](unsigned hex) { return times(rgb(hex), ambient); };
  Tones tones;
  tones.dark = graded(style, times(rgb(0x3c3846), ambient));
  tones.mid = graded(style, lit(0x6c6678));
  tones.black = graded(style, times(rgb(0x201c28), ambient));
  tones.accent = mix(lit(style.accent), rgb(style.accent), 0.35);
  tones.accent2 = mix(lit(style.accent2), rgb(style.accent2), 0.35);
  tones.light = graded(style, lit(0xf1e2cc));
  tones.skin = graded(style, lit(0xf0cdb0));
  tones.white = graded(style, lit(0xfaf7f2));
  tones.glow = mix(graded(style, rgb(0xffdc86)), rgb(0xffdc86),
                   style.id == std::string_view("noir") ? 0 : 0.5);
  return tones;
}

Colour ambient_of(const Setting& setting) {
  Colour ambient = rgb(row_of(kLights, setting.light).ambient);
  if (const Veil* veil = veil_of(setting.weather))
    ambient = mix(ambient, times(ambient, rgb(veil->colour)), veil->amount * 0.5);
  return ambient;
}

} // namespace

Palette make_palette(const Setting& setting) {
  const LightRow& light = row_of(kLights, setting.light);
  const StyleRow& style = row_of(kStyles, setting.style);
  const Colour ambient = ambient_of(setting);
  const Veil* veil = veil_of(setting.weather);
  const auto sky = [&](unsigned hex) {
    Colour colour = rgb(hex);
    if (veil)
      colour =
          mix(colour, times(rgb(veil->colour), mix(ambient, rgb(0xffffff), 0.25)), veil->amount);
    return readable(style, graded(style, saturated(colour, mood_saturation(setting.mood))));
  };
  Palette palette;
  palette.sky_top = sky(light.top);
  palette.sky_middle = sky(light.middle);
  palette.horizon = sky(light.horizon);
  palette.orb = graded(style, rgb(light.orb));
  palette.orb_kind = veil && veil->hides_orb ? Orb::none : light.orb_kind;
  palette.orb_height = light.orb_height;
  palette.stars = veil && veil->cloud > 0.4 ? 0 : light.stars;
  palette.cloud = veil ? veil->cloud : 0.35;
  palette.dark = light.dark;
  palette.manner = style.manner;
  palette.haze = mix(palette.horizon, palette.sky_middle, 0.35);

  Colour ground = times(rgb(kGrounds[static_cast<size_t>(setting.ground)]), ambient);
  if (setting.weather == "snow" && setting.ground != Ground::water)
    ground = mix(ground, times(rgb(0xeef4fa), ambient), 0.75);
  if (setting.ground == Ground::water) {
    palette.ground_far = mix(palette.horizon, palette.sky_middle, 0.35);
    palette.ground_near = mix(graded(style, times(rgb(0x1f4f74), ambient)), palette.sky_top, 0.4);
  } else {
    const Colour own = readable(style, graded(style, ground));
    palette.ground_far = mix(own, palette.haze, 0.45);
    palette.ground_near = mix(own, graded(style, times(rgb(0x1c1c26), ambient)), 0.30);
  }
  palette.near = mix(graded(style, times(rgb(0x1e2630), ambient)), palette.ground_near, 0.25);
  palette.tones = base_tones(style, ambient);
  BrandColours(setting.brand).dress(palette);
  return palette;
}

Tones subject_tones(const Palette& palette, const Setting& setting, std::string_view subject) {
  const StyleRow& style = row_of(kStyles, setting.style);
  const Colour ambient = ambient_of(setting);
  const BrandColours brand(setting.brand);
  Tones tones = palette.tones;
  for (const NaturalRow& row : kNatural) {
    if (subject != row.id) continue;
    const auto natural = [&](unsigned hex, const Colour& fallback) {
      if (!hex) return fallback;
      const Colour lit = mix(times(rgb(hex), ambient), rgb(hex), 0.25);
      // The mapping keeps half its strength here, so that a rose stays red in an ink painting.
      StyleRow soft = style;
      soft.amount *= style.saturation > 0 ? 0.5 : 1;
      return brand.dressed(graded(soft, lit));
    };
    tones.accent = natural(row.accent, tones.accent);
    tones.accent2 = natural(row.accent2, tones.accent2);
    tones.mid = natural(row.mid, tones.mid);
    tones.light = natural(row.light, tones.light);
  }
  return tones;
}

} // namespace aigc::preview
