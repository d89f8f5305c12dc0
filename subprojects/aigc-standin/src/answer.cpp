// SPDX-License-Identifier: LGPL-2.1-or-later
// What the chat model says.
#include "answer.h"

#include "util.h"

#include <array>
#include <cmath>

#include <glib.h>

namespace standin {
namespace {

constexpr size_t words_kept = 600; // characters of the user's text that go into the answer

// An order that is given as a JSON object begins with its words.
std::string first_text(const std::string& text) {
  const std::optional<Json> order = Json::parse(text);
  if (order && order->is_object())
    for (const auto& [name, value] : order->members())
      if (value.is_string()) return value.text();
  return text;
}

std::string words(const Json& messages) {
  std::string last;
  for (const Json& message : messages.items())
    if (message["role"].text() == "user") last = message_text(message);
  last = first_text(last);
  const auto first = last.find_first_not_of(" \t\r\n");
  if (first == last.npos) return "an empty scene";
  const auto end = last.find_last_not_of(" \t\r\n.");
  return cut(last.substr(first, end < first ? last.npos : end - first + 1), words_kept);
}

bool is_chinese(const std::string& text) {
  for (const char* at = text.c_str(); *at; at = g_utf8_next_char(at))
    if (g_unichar_get_script(g_utf8_get_char(at)) == G_UNICODE_SCRIPT_HAN) return true;
  return false;
}

std::string described(const std::string& scene) {
  if (is_chinese(scene))
    return scene + "，清晨的侧光 (golden side light)，低角度广角构图 (wide low angle)，"
                   "琥珀色与青色的对比，湿润的石面质感，35mm 镜头 (35mm lens)，浅景深";
  return scene + ", golden side light from the left, a wide composition from a low angle, amber "
                 "against teal, worn stone and mist, 35mm lens, shallow depth of field";
}

} // namespace

std::string message_text(const Json& message) {
  const Json& content = message["content"];
  if (content.is_string()) return content.text();
  std::string out;
  for (const Json& part : content.items())
    out += part["text"].text();
  return out;
}

bool mentions_json(const Json& messages) {
  for (const Json& message : messages.items())
    if (lower(message_text(message)).find("json") != std::string::npos) return true;
  return false;
}

std::string json_answer(const Json& messages) {
  constexpr std::array<const char*, 4> moods = {"calm", "wistful", "bright", "tense"};
  const std::string scene = words(messages);
  return Json::object({{"prompt", described(scene)},
                       {"negative_prompt", "blur, text, watermark, distorted hands, low quality"},
                       {"motion_prompt", "slow push-in, the scene moves gently: " + scene},
                       {"keyframe", true},
                       {"mood", moods[hash(scene) % moods.size()]}})
      .print();
}

std::string prose_answer(const Json& messages) {
  return described(words(messages)) + ".";
}

std::string reasoning(const Json& messages) {
  return "The user wants: " + words(messages) + ". I choose the light first, then the lens.";
}

int tokens(const std::string& text) {
  double sum = 0;
  for (const char* at = text.c_str(); *at; at = g_utf8_next_char(at))
    sum += static_cast<unsigned char>(*at) < 128 ? 0.25 : 0.6;
  return static_cast<int>(std::ceil(sum));
}

std::string cut_tokens(const std::string& text, int limit) {
  double sum = 0;
  const char* at = text.c_str();
  for (; *at; at = g_utf8_next_char(at)) {
    sum += static_cast<unsigned char>(*at) < 128 ? 0.25 : 0.6;
    if (sum > limit) break;
  }
  return text.substr(0, at - text.c_str());
}

} // namespace standin
