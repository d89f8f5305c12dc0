// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading what a language model wrote, whatever it looks like.
#include "base/error.h"
#include "service/writer/answer.h"
#include "service/writer/loose_json.h"
#include "shot/shot.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

struct Case {
  const char* name;
  std::string content;
  std::string prompt;
  std::string negative;
  std::string motion;
  std::string keyframe;
  std::string mood;
};

class ReadAnswer : public testing::TestWithParam<Case> {};

TEST_P(ReadAnswer, GivesTheFields) {
  const Written written = read_answer(GetParam().content);
  EXPECT_EQ(written.prompt, GetParam().prompt);
  EXPECT_EQ(written.negative_prompt, GetParam().negative);
  EXPECT_EQ(written.motion_prompt, GetParam().motion);
  EXPECT_EQ(written.keyframe, GetParam().keyframe);
  EXPECT_EQ(written.mood, GetParam().mood);
}

const std::string kNul("\0", 1);

const Case kCases[] = {
    {"Plain",
     R"({"prompt":"A fox.","negative_prompt":"blur","motion_prompt":"It runs.","keyframe":"always","mood":"calm"})",
     "A fox.", "blur", "It runs.", "always", "calm"},
    {"Fenced", "```json\n{\"prompt\": \"A fox.\", \"mood\": \"calm\"}\n```", "A fox.", "", "", "",
     "calm"},
    {"ProseAround", "Sure! Here {as asked} it is: {\"prompt\":\"A fox.\"} Enjoy.", "A fox."},
    {"TrailingCommas", R"({"prompt":"A fox.","mood":"calm",,})", "A fox.", "", "", "", "calm"},
    {"RawLineEnds", "{\"prompt\":\"A fox\nin snow.\"}", "A fox, in snow."},
    {"Inside", R"({"result":[{"prompt":"A fox.","keyframe":"never"}]})", "A fox.", "", "", "never"},
    {"OtherSpelling", R"({"Prompt":"A fox.","negativePrompt":"blur","Motion-Prompt":"It runs."})",
     "A fox.", "blur", "It runs."},
    {"KeyframeTrue", R"({"prompt":"A fox.","keyframe":true})", "A fox.", "", "", "always"},
    {"KeyframeFalse", R"({"prompt":"A fox.","keyframe":false})", "A fox.", "", "", "never"},
    {"KeyframeOdd", R"({"prompt":"A fox.","keyframe":{"a":1}})", "A fox."},
    {"NegativeList", R"({"prompt":"A fox.","negative_prompt":["blur","text"]})", "A fox.",
     "blur, text"},
    {"PromptList", R"({"prompt":["A fox.","Low light"]})", "A fox. Low light"},
    {"PromptObject", R"({"prompt":{"subject":"A fox","light":{"key":"low sun"}}})",
     "A fox, low sun"},
    {"WideList", "{\"prompt\":[\"一只狐狸\",\"低角度的光。\",\"雪\"]}", "一只狐狸，低角度的光。雪"},
    {"Numbers", R"({"prompt":"A fox.","mood":7,"motion_prompt":null})", "A fox.", "", "", "", "7"},
    {"Bullets", R"({"prompt":"- A fox\n- **low** light\n- snow"})", "A fox, low light, snow"},
    {"Numbered", R"({"prompt":"1. A fox.\n2) Low light"})", "A fox. Low light"},
    {"OneNumberedLineStays", R"({"prompt":"1. FC Nurnberg plays"})", "1. FC Nurnberg plays"},
    {"CutInPrompt", R"({"prompt":"A fox stands in the snow. Low li)", "A fox stands in the snow."},
    {"CutInPromptWithoutSentence", R"({"prompt":"A fox stands in the sn)", "A fox stands in the"},
    {"CutInWidePrompt", "{\"prompt\":\"一只狐狸站在雪地里，低角度的暖光，浅",
     "一只狐狸站在雪地里，低角度的暖光"},
    {"CutBehindANumber", R"({"prompt":"A fox in the deepest snow. Shot at f/1.8 with)",
     "A fox in the deepest snow."},
    {"CutInANumber", R"({"prompt":"A fox in the deepest snow. Shot at f/1.)",
     "A fox in the deepest snow."},
    {"CutBehindAName", R"({"prompt":"Deep snow. A fox by Node.js on a big si)",
     "Deep snow. A fox by Node.js on a big"},
    {"CutInMember", R"({"prompt":"A fox.","negative_pro)", "A fox."},
    {"CutBehindColon", R"({"prompt":"A fox.","mood":)", "A fox."},
    {"CutInEscape", R"({"prompt":"A fox in snow. \u96)", "A fox in snow."},
    {"PromptLast", R"({"mood":"calm","prompt":"A fox."})", "A fox.", "", "", "", "calm"},
    {"Prose", "A fox in the snow, low light.", "A fox in the snow, low light."},
    {"ProseWithLabel", "Prompt: \"A fox in the snow.\"", "A fox in the snow."},
    {"ProseWithMarkdown", "**A fox**\n\n- snow\n- low light", "A fox, snow, low light"},
    {"Thoughts", "<think>I could {\"prompt\":\"no\"}</think>\n{\"prompt\":\"A fox.\"}", "A fox."},
    {"OnlyThoughts", "<think>The user wants", ""},
    {"Blank", " \n\t ", ""},
    {"Nothing", "", ""},
    {"EmptyObject", "{}", ""},
    {"NoPrompt", R"({"text":"A fox."})", ""},
    {"BlankPrompt", R"({"prompt":"  ","mood":"calm"})", ""},
    {"OnlySigns", "{}[]...!", ""},
    {"FencedEmpty", "```json\n{}\n```", ""},
    {"OpenFence", "```", ""},
    {"SingleQuotesAreNoJson", "{'prompt': 'A fox'}", ""},
    {"NulEscaped", R"({"prompt":"A\u0000 fox."})", "A fox."},
    {"Nul", "{\"prompt\":\"A" + kNul + " fox.\"}", "A fox."},
    {"InvalidUtf8", "{\"prompt\":\"A \xff\xfe fox.\"}", "A \xef\xbf\xbd\xef\xbf\xbd fox."},
    {"LoneSurrogate", R"({"prompt":"A \ud800 fox \udc00."})", "A \xef\xbf\xbd fox \xef\xbf\xbd."},
    {"Pair", R"({"prompt":"A \ud83e\udd8a."})", "A 🦊."},
    {"HalfPairThenOther", R"({"prompt":"A \ud83eA."})",
     "A \xef\xbf\xbd"
     "A."},
    {"BadEscape", R"({"prompt":"A \q fox \uZZZZ."})", "A q fox ZZZZ."},
};

INSTANTIATE_TEST_SUITE_P(Table, ReadAnswer, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ReadAnswer, SurvivesDeepNesting) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "{\"prompt\":[";
  EXPECT_EQ(read_answer(deep).prompt, "");
  EXPECT_EQ(read_answer(std::string(200'000, '{')).prompt, "");
  EXPECT_EQ(read_answer(std::string(200'000, '[')).prompt, "");
}

TEST(ReadAnswer, BoundsEveryField) {
  const std::string huge(300'000, 'x');
  std::string wide;
  while (wide.size() < 100'000)
    wide += "狐";
  const Written written =
      read_answer("{\"prompt\":\"" + wide + "\",\"negative_prompt\":\"" + huge +
                  "\",\"motion_prompt\":\"" + huge + "\",\"mood\":\"" + wide + "\"}");
  Shot shot;
  shot.prompt = written.prompt;
  shot.negative_prompt = written.negative_prompt;
  shot.motion_prompt = written.motion_prompt;
  shot.mood = written.mood;
  EXPECT_NO_THROW(check_shot(shot));
  EXPECT_GT(written.prompt.size(), kMaxTextBytes - 3);
  EXPECT_EQ(read_answer(std::string(300'000, '*')).prompt, "");
}

TEST(ReadAnswer, SurvivesACutAnywhere) {
  const std::string whole =
      R"(Here: {"prompt":"狐狸 \u72d0 \ud83e\udd8a stands. ","keyframe":true,"mood":["a","b"],"n":1.5})";
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const Written written = read_answer(std::string_view(whole).substr(0, cut));
    Shot shot;
    shot.prompt = written.prompt;
    shot.mood = written.mood;
    EXPECT_NO_THROW(check_shot(shot)) << cut;
  }
}

TEST(ReadAnswer, CutProseEndsWithASentence) {
  EXPECT_EQ(read_answer("A fox in snow. The li", true).prompt, "A fox in snow.");
  EXPECT_EQ(read_answer("A fox in snow. The li").prompt, "A fox in snow. The li");
}

TEST(ReadAnswer, KnowsWhetherThePromptIsWhole) {
  EXPECT_TRUE(read_answer(R"({"prompt":"A fox.","mood":)").complete);
  EXPECT_FALSE(read_answer(R"({"prompt":"A fox.)").complete);
  EXPECT_FALSE(read_answer(R"({"prompt":["A fox.","Low light")").complete);
  EXPECT_FALSE(read_answer("A fox.").complete);
}

} // namespace
