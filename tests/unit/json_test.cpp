// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON from strangers: what is let through to the parser, how deep it may nest, which numbers
// count.
#include "base/error.h"
#include "base/json.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

/// What is said of a text that is refused; empty when it is taken.
std::string refusal(const std::string& text) {
  try {
    parse_json(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::format);
    return error.what();
  }
  return {};
}

std::string deep(size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

} // namespace

TEST(Json, TakesWhatJsonHas) {
  for (const char* text : {"{\"a\": [1, -2.5, 1e3, true, false, null], \"b\": {}}", "\"\"", "7",
                           " [ ] \n", "\"// no comment, 'no quote' [[[\"",
                           R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", "\xef\xbb\xbf{}"})
    EXPECT_EQ(refusal(text), "") << text;
}

TEST(Json, NothingHidesHowDeepATextNests) {
  EXPECT_EQ(refusal(deep(kMaxJsonDepth)), "");
  const std::string hidden = deep(kMaxJsonDepth + 1);
  const std::pair<std::string, std::string> disguises[] = {
      {"", ""},
      {"[/* \" */", ",\"\"]"},
      {"[// \"\n", ",\"\"]"},
      {"['\"',", ",'\"']"},
      {"[\"\\ud800\",\",", ",\"\"]"}, // the parser takes the quote for the pair's other half
      {"var x = ", ""},
      {"[] ", ""},
  };
  for (const auto& [before, after] : disguises)
    EXPECT_NE(refusal(before + hidden + after), "") << before;
}

TEST(Json, RefusesWhatOnlyTheParserTakes) {
  for (const char* text :
       {"{'a': 1}", "[1 /* one */]", "// one\n[1]", "[1] [2]", "{} x", "var x = {}", R"("\ud800")",
        R"("\udc00")", R"("\ud800\u0041")", R"("\u00g0")", "$F", "]", "\"open", ""})
    EXPECT_NE(refusal(text), "") << text;
  EXPECT_NE(refusal("{\"a\": 1,\n 'b': 2}").find("line 2, column 2"), std::string::npos);
}

TEST(Json, OnlyFiniteNumbersCount) {
  const auto root = parse_json(R"([1e999, -1e999, "nan", "inf", "1e999", "2.5", 3, 1e300])");
  const JsonView list(root.get());
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_FALSE(list.at(i).number()) << i;
    EXPECT_FALSE(list.at(i).integer()) << i;
  }
  EXPECT_EQ(list.at(5).number(), 2.5);
  EXPECT_EQ(list.at(6).integer(), 3);
  EXPECT_EQ(list.at(7).number(), 1e300);
  EXPECT_FALSE(list.at(7).integer());
}

TEST(Json, WritesTheShortestNumberThatReadsBackTheSame) {
  const std::pair<double, const char*> numbers[] = {
      {1.112, "1.112"}, {0.1, "0.1"},      {-2.5, "-2.5"},  {3, "3.0"},
      {0, "0.0"},       {1e300, "1e+300"}, {1e-7, "1e-07"}, {1.0 / 3, "0.3333333333333333"}};
  for (const auto& [number, written] : numbers) {
    const std::string text = JsonObjectMaker().set("x", number).text();
    EXPECT_EQ(text, std::string("{\"x\":") + written + "}");
    const auto node = parse_json(text);
    EXPECT_EQ(JsonView(node.get())["x"].number(), number);
  }
}

TEST(Json, LeavesAllThatIsNoDoubleAsItIs) {
  const char* kOthers = R"({"a\"1.1120000000000001":["1.1120000000000001\\",12345678901234567,-1,)"
                        R"("",true,null,{}],"b":"\\\"-1.50"})";
  const auto node = parse_json(kOthers);
  EXPECT_EQ(json_text(node.get()), kOthers);
}
