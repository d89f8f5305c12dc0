// SPDX-License-Identifier: LGPL-2.1-or-later
// The field table of a shot and the checks that hold for every field.
#include "shot/shot.h"

#include "base/error.h"
#include "shot/air_time.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <glib.h>

namespace aigc {

namespace {

constexpr double kMaxSeed = 2147483647;
constexpr double kMaxCount = 1e9;

const auto& field_table() {
  static const std::array<ShotField, 23> table = {{
      {"id", &Shot::id},
      {"run", &Shot::run, 0, 0, false},
      {"index", &Shot::index, 0, kMaxCount},
      {"script", &Shot::script},
      {"prompt", &Shot::prompt},
      {"negative-prompt", &Shot::negative_prompt},
      {"motion-prompt", &Shot::motion_prompt},
      {"style", &Shot::style},
      {"brand", &Shot::brand},
      {"language", &Shot::language},
      {"width", &Shot::width, kMinSide, kMaxSide},
      {"height", &Shot::height, kMinSide, kMaxSide},
      {"duration", &Shot::duration, kMinShotSeconds, kMaxShotSeconds},
      {"seed", &Shot::seed, 0, kMaxSeed},
      {"take", &Shot::take, 0, kMaxCount},
      {"keyframe", &Shot::keyframe},
      {"chain", &Shot::chain},
      {"look-group", &Shot::look_group},
      {"references", &Shot::references},
      {"mood", &Shot::mood},
      {"at", &Shot::at},
      {"request", &Shot::request, 0, kMaxCount, false},
      {"extra", &Shot::extra, 0, 0, false},
  }};
  return table;
}

std::string format_number(double value) {
  std::array<char, G_ASCII_DTOSTR_BUF_SIZE> text{};
  g_ascii_formatd(text.data(), text.size(), "%.10g", value);
  return text.data();
}

void check_number(const ShotField& field, double value, double unset) {
  if (value == unset) return;
  if (value >= field.minimum && value <= field.maximum) return;
  throw Error(Fault::settings, std::string(field.name) + " is " + format_number(value),
              "give a number from " + format_number(field.minimum) + " to " +
                  format_number(field.maximum));
}

} // namespace

std::span<const ShotField> shot_fields() {
  return field_table();
}

void check_shot(const Shot& shot) {
  static const Shot unset;
  for (const auto& field : shot_fields()) {
    std::visit(
        [&](auto member) {
          const auto& value = shot.*member;
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string>) {
            check_text(field.name, value);
          } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            for (const auto& text : value)
              check_text(field.name, text);
          } else {
            check_number(field, static_cast<double>(value), static_cast<double>(unset.*member));
          }
        },
        field.member);
  }
  const std::array<std::string_view, 4> keyframes = {"", "always", "auto", "never"};
  if (std::find(keyframes.begin(), keyframes.end(), shot.keyframe) == keyframes.end())
    throw Error(Fault::settings, "keyframe is \"" + shot.keyframe + "\"",
                "give always, auto or never");
  if (!shot.at.empty()) air_time(shot.at, g_get_real_time());
}

void check_text(std::string_view name, std::string_view text) {
  const std::string field(name);
  if (text.size() > kMaxTextBytes)
    throw Error(Fault::settings, field + " is " + std::to_string(text.size()) + " bytes long",
                "shorten it to at most " + std::to_string(kMaxTextBytes) + " bytes");
  if (text.find('\0') != std::string_view::npos)
    throw Error(Fault::settings, field + " holds a NUL character", "send plain text");
  const char* bad = nullptr;
  if (!g_utf8_validate_len(text.data(), text.size(), &bad))
    throw Error(Fault::settings,
                field + " is not valid UTF-8 at byte " + std::to_string(bad - text.data()),
                "save or send the text as UTF-8");
}

bool is_blank(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const gunichar c = g_utf8_get_char_validated(at, end - at);
    if (c >= 0x110000 || !(g_unichar_isspace(c) || c == 0xFEFF || c == 0x200B)) return false;
    at = g_utf8_next_char(at);
  }
  return true;
}

} // namespace aigc
