// SPDX-License-Identifier: LGPL-2.1-or-later
// The built-in writer: a grammar of styles around the user's words, which stay letter for letter.
#include "service/preview/preview.h"
#include "service/preview/reading.h"
#include "service/preview/writer_phrases.h"

#include <algorithm>

namespace aigc::preview {
namespace {

struct Joints {
  const char* stop; ///< ends a sentence
  const char* comma;
  const char* style_before; ///< around a style the grammar does not know
  const char* style_after;
  const char* size_before; ///< around the resolution
  const char* size_after;
  const char* mood_before;
  const char* mood_after;
  const char* negative; ///< what no style may show
};

constexpr Joints kJoints[] = {
    {"。", "，", "以", "风格呈现，", "以", "分辨率呈现每一处细节", "整体情绪", "。",
     "低分辨率，模糊，变形的手与面部，多余的肢体，文字，水印，"},
    {". ", ", ", "rendered in ", " style, ", "every detail held at ", " resolution", "The mood is ",
     ".", "low resolution, blur, deformed hands and faces, extra limbs, text, watermark, "},
    {"。", "、", "", "の画風で、", "", "の解像度で細部まで描く", "全体の雰囲気は", "。",
     "低解像度、ぼけ、崩れた手や顔、余分な手足、文字、透かし、"},
};

size_t index(Tongue tongue) {
  return static_cast<size_t>(tongue);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool ends_a_sentence(std::string_view text) {
  for (const char* sign : {"。", "！", "？", "…", ".", "!", "?", "；", ";", "”", "」"})
    if (text.ends_with(sign)) return true;
  return false;
}

/// The style of the order; the words win over the default style, which nobody may have chosen.
std::string style_of(const WriteOrder& order, const Reading& reading) {
  const bool plain = order.style.empty() || order.style == "cinematic";
  if (plain && !reading.styles.empty()) return reading.styles.front();
  if (order.style.empty()) return "cinematic";
  const Style* style = find_style(order.style);
  return style ? style->names.id : order.style;
}

std::string light_of(const Reading& reading, const std::string& style) {
  if (!reading.lights.empty()) return reading.lights.front();
  const Style* known = find_style(style);
  return known ? known->light : "golden";
}

std::string motion_text(const Reading& reading, size_t tongue) {
  const char* comma = kJoints[tongue].comma;
  auto moves = reading.motions;
  if (moves.empty()) moves.push_back(fitting_motion(reading));
  std::string text;
  const auto add = [&](const char* clause) {
    text += (text.empty() ? "" : comma) + std::string(clause);
  };
  for (const auto& move : moves)
    add(motion_phrase(move)[tongue]);
  for (const auto& particle : reading.particles)
    add(particle_phrase(particle)[tongue]);
  for (const auto& weather : reading.weathers) {
    if (weather == "rain" || weather == "snow") add(particle_phrase(weather)[tongue]);
    if (weather == "wind") add(weather_phrase(weather)[tongue]);
  }
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = g_ascii_toupper(text[0]);
  return text;
}

std::string describe(const WriteOrder& order, const Reading& reading, const std::string& style,
                     size_t tongue) {
  const Joints& joint = kJoints[tongue];
  const StylePhrases& phrases = style_phrases(style);
  std::string light = light_phrase(light_of(reading, style))[tongue];
  std::string body;
  if (!find_style(style)) body = std::string(joint.style_before) + style + joint.style_after;
  body += light + joint.comma;
  for (const auto& weather : reading.weathers)
    body += std::string(weather_phrase(weather)[tongue]) + joint.comma;
  body += std::string(phrases.look[tongue]) + joint.comma + phrases.lens[tongue];
  const std::string_view size = trimmed(order.resolution);
  if (!size.empty())
    body += joint.comma + std::string(joint.size_before) + std::string(size) + joint.size_after;

  std::string text(trimmed(order.script));
  if (!text.empty())
    text += ends_a_sentence(text) ? (index(Tongue::en) == tongue ? " " : "") : joint.stop;
  return text + capitalised(body) + joint.stop;
}

std::string mood_of(const Reading& reading, const StylePhrases& phrases, size_t tongue) {
  if (reading.moods.empty()) return phrases.mood[tongue];
  for (const Names& mood : moods()) {
    if (reading.moods.front() != mood.id) continue;
    const std::string_view names = tongue == 0 ? mood.zh : tongue == 1 ? mood.en : mood.ja;
    return std::string(names.substr(0, names.find('|')));
  }
  return phrases.mood[tongue];
}

} // namespace

WrittenShot write(const WriteOrder& order) {
  const Reading reading = read_words(order.script);
  const size_t tongue = index(tongue_of(order.script, order.language));
  const std::string style = style_of(order, reading);
  const StylePhrases& phrases = style_phrases(style);
  const Joints& joint = kJoints[tongue];

  WrittenShot shot;
  shot.mood = mood_of(reading, phrases, tongue);
  shot.prompt =
      describe(order, reading, style, tongue) + joint.mood_before + shot.mood + joint.mood_after;
  shot.negative_prompt = std::string(joint.negative) + phrases.negative[tongue];
  shot.motion_prompt = motion_text(reading, tongue);
  shot.keyframe = "always";
  return shot;
}

} // namespace aigc::preview
