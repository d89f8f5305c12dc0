// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot: round trips through JSON, structure and meta; refusals that name the field.
#include "base/error.h"
#include "shot/shot_json.h"
#include "shot/shot_meta.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace aigc;

namespace {

/// Every field of the table gets a value of its own, so a field forgotten anywhere shows.
Shot full_shot() {
  Shot shot;
  int n = 1;
  for (const auto& field : shot_fields()) {
    std::visit(
        [&](auto member) {
          auto& value = shot.*member;
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string>)
            value = std::string("值 \"") + field.name + "\"";
          else if constexpr (std::is_same_v<T, std::vector<std::string>>)
            value = {"file:///a.png", "file:///b c.png"};
          else
            value = static_cast<T>(16 + n);
        },
        field.member);
    ++n;
  }
  shot.duration = 7.25;
  shot.keyframe = "auto";
  shot.extra = R"({"camera":{"lens":[35,50]},"note":"x"})";
  shot.provenance = {{"prompt", "preview", "grammar-1", "r1", 7, 0.25, "CNY", true, true},
                     {"image", "x", "y", "", -1, 0, "", false, false}};
  return shot;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

} // namespace

TEST(Shot, JsonRoundTripKeepsEverything) {
  Shot shot = full_shot();
  shot.run = ""; // what a list sets, and does not take
  shot.request = 0;
  EXPECT_EQ(shot_from_json(shot_to_json(shot).get()), shot);
  EXPECT_EQ(shot_from_json(parse_json(json_text(shot_to_json(shot).get())).get()), shot);
}

TEST(Shot, StructureRoundTripKeepsEverything) {
  const Shot shot = full_shot();
  Own<GstStructure> structure(gst_structure_new_empty("shot"));
  shot_to_structure(shot, structure.get());
  EXPECT_EQ(shot_from_structure(structure.get()), shot);
}

TEST(Shot, MetaSurvivesACopyAndIsReplaced) {
  auto buffer = adopt(gst_buffer_new());
  EXPECT_FALSE(buffer_shot(buffer.get()));
  set_buffer_shot(buffer.get(), full_shot());
  auto copy = adopt(gst_buffer_copy(buffer.get()));
  EXPECT_EQ(buffer_shot(copy.get()), full_shot());
  Shot other;
  other.script = "other";
  set_buffer_shot(copy.get(), other);
  EXPECT_EQ(buffer_shot(copy.get()), other);
  EXPECT_EQ(buffer_shot(buffer.get()), full_shot());
}

TEST(Shot, MetaIsRegisteredOnceEvenIfAnotherDidIt) {
  register_shot_meta();
  register_shot_meta();
  EXPECT_NE(gst_meta_get_info(kShotMetaName), nullptr);
}

TEST(Shot, UnknownMembersComeBack) {
  auto shot = shot_from_json(parse_json(R"({"script":"a","mine":{"x":[1,null]}})").get());
  EXPECT_EQ(shot.extra, R"({"mine":{"x":[1,null]}})");
  auto back = shot_to_json(shot);
  EXPECT_TRUE(json_object_has_member(json_node_get_object(back.get()), "mine"));
}

TEST(Shot, TheIdInTheListIsKnownInEveryRun) {
  Shot shot;
  shot.id = "scene~1.zh~2";
  EXPECT_EQ(shot.base_id(), "scene~1.zh~2");
  shot.run = ".zh~2";
  EXPECT_EQ(shot.base_id(), "scene~1");
  EXPECT_EQ(shot_from_json(parse_json(R"({"run":7})").get()).extra, R"({"run":7})");
}

TEST(Shot, UnderscoreCaseNullAndBareStringAreUnderstood) {
  auto shot = shot_from_json(parse_json(R"({"Negative_Prompt":"blur","prompt":null})").get());
  EXPECT_EQ(shot.negative_prompt, "blur");
  EXPECT_EQ(shot.prompt, "");
  EXPECT_EQ(shot_from_json(parse_json(R"("a cat")").get()).script, "a cat");
}

TEST(Shot, WrongTypesAreRefusedByName) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"duration":"5"})", "duration must be a number"},
      {R"({"script":5})", "script must be a string"},
      {R"({"width":12.5})", "width must be a whole number"},
      {R"({"width":true})", "width must be a whole number"},
      {R"({"references":"a.png"})", "references must be a list"},
      {R"({"references":["a",1]})", "references[1] must be a string"},
      {R"({"provenance":[{"cost":"1"}]})", "provenance.cost must be a number"},
      {"[1]", "a shot must be an object"},
  };
  for (const auto& [json, expected] : cases) {
    auto text = message_of([&] { shot_from_json(parse_json(json).get()); });
    EXPECT_NE(text.find(expected), std::string::npos) << json << " -> " << text;
  }
}

TEST(Shot, JsonNestedTooDeepIsRefusedNotParsed) {
  EXPECT_NE(message_of([] { parse_json(std::string(1 << 20, '[')); }).find("nested"),
            std::string::npos);
  EXPECT_NE(parse_json("\"" + std::string(1000, '[') + "\\\"{\"").get(), nullptr);
  EXPECT_NE(parse_json(std::string(64, '[') + std::string(64, ']')).get(), nullptr);
}

TEST(Shot, StructureFieldsOfTheWrongTypeAreRefusedByName) {
  Own<GstStructure> structure(gst_structure_new("shot", "seed", G_TYPE_STRING, "7", nullptr));
  EXPECT_NE(message_of([&] { shot_from_structure(structure.get()); }).find("seed"),
            std::string::npos);
}

TEST(Shot, ValuesOutOfRangeAreRefusedByName) {
  const auto refused = [](auto change) {
    Shot shot;
    change(shot);
    return message_of([&] { check_shot(shot); });
  };
  EXPECT_EQ(refused([](Shot& s) { s.width = 1; }), "width is 1");
  EXPECT_EQ(refused([](Shot& s) { s.width = 9000; }), "width is 9000");
  EXPECT_EQ(refused([](Shot& s) { s.duration = 10000; }), "duration is 10000");
  EXPECT_EQ(refused([](Shot& s) { s.duration = std::nan(""); }), "duration is nan");
  EXPECT_EQ(refused([](Shot& s) { s.seed = -5; }), "seed is -5");
  EXPECT_EQ(refused([](Shot& s) { s.keyframe = "maybe"; }), "keyframe is \"maybe\"");
  EXPECT_EQ(refused([](Shot& s) { s.script = std::string(1 << 20, 'x'); }),
            "script is 1048576 bytes long");
  EXPECT_EQ(refused([](Shot& s) { s.script = std::string("a\0b", 3); }),
            "script holds a NUL character");
  EXPECT_EQ(refused([](Shot& s) { s.script = "ab\xff"; }), "script is not valid UTF-8 at byte 2");
  EXPECT_EQ(refused([](Shot&) {}), "nothing thrown");
}

TEST(ShotText, BlankKnowsUnicodeSpaces) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\r\n\u3000\u200b\ufeff"));
  EXPECT_FALSE(is_blank("　花"));
  EXPECT_FALSE(is_blank("\xff"));
}
