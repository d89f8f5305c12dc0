// SPDX-License-Identifier: LGPL-2.1-or-later
// Titles and logos: how they are set, and where they are put.
#include "base/error.h"
#include "overlay_layout.h"
#include "program.h"
#include "title_text.h"

#include <cmath>

using namespace aigc;
using namespace aigc::runner;

namespace {

constexpr const char* kFont = "Noto Sans CJK SC Bold";

using Values = std::map<std::string, std::string>;

Values picture() {
  g_setenv("AIGC_PIPELINES", g_getenv("AIGC_JOBS"), TRUE);
  return {{"width", "1000"},           {"height", "500"},           {"font", kFont},
          {"title-colour", "#FFFFFF"}, {"safe-x", "0.1"},           {"safe-y", "0.05"},
          {"logo-width", "0.2"},       {"logo-corner", "top-right"}};
}

Values placed(const std::string& name, const std::string& value) {
  Values values = picture();
  values["title"] = "早安";
  values[name] = value;
  return lay_out_overlays(values);
}

class Logo : public ProgramTest {
 protected:
  /// Of 40x20 pixels.
  std::string write() const {
    shell("gst-launch-1.0 -q videotestsrc num-buffers=1 ! video/x-raw,width=40,height=20 ! pngenc "
          "! filesink location=logo.png");
    return folder / "logo.png";
  }
  Values placed(const std::string& corner) const {
    Values values = picture();
    values["logo"] = write();
    values["logo-corner"] = corner;
    return lay_out_overlays(values);
  }
};

} // namespace

TEST(TitleText, IsAsLargeAsItCanBe) {
  const auto title = set_title("早安", kFont, "zh", {800, 400, 100, 40});
  EXPECT_EQ(title.lines, std::vector<std::string>{"早安"});
  EXPECT_EQ(title.size, 100);
  EXPECT_GE(title.height, 100);
}

TEST(TitleText, ShrinksBeforeItTakesAThirdLine) {
  const std::string words = "送给一直在路上的你，和每一个早起的清晨";
  const auto title = set_title(words, kFont, "zh", {800, 400, 100, 40});
  ASSERT_EQ(title.lines.size(), 2u);
  EXPECT_LT(title.size, 100);
  EXPECT_EQ(title.lines[0] + title.lines[1], words);
}

TEST(TitleText, HasLinesOfEvenLength) {
  const auto title = set_title("一二三四五六七八九", kFont, "zh", {800, 400, 100, 100});
  ASSERT_EQ(title.lines.size(), 2u);
  EXPECT_LE(g_utf8_strlen(title.lines[0].c_str(), -1), 5) << "not 八 and one left over";
}

TEST(TitleText, BreaksBetweenWords) {
  const auto title =
      set_title("The caves of the thousand Buddhas", kFont, "en", {600, 400, 80, 80});
  ASSERT_GE(title.lines.size(), 2u);
  for (const auto& line : title.lines)
    EXPECT_TRUE(has(" The caves of the thousand Buddhas ", " " + line + " ")) << line;
}

TEST(TitleText, SaysWhenThereIsNoRoom) {
  std::string words;
  for (int i = 0; i < 100; ++i)
    words += "很长";
  EXPECT_TRUE(set_title(words, kFont, "zh", {800, 200, 100, 40}).lines.empty());
}

TEST(TitleMarkup, ShowsWhatWasWritten) {
  const TitleText title{.lines = {"<b>a</b> & \"b\"", "c"}};
  EXPECT_EQ(title_markup(title, ""), "&lt;b&gt;a&lt;/b&gt; &amp; &quot;b&quot;&#10;c");
  EXPECT_EQ(title_markup({.lines = {"a"}}, "ja"), "<span lang=\"ja\">a</span>");
  EXPECT_FALSE(has(title_markup({.lines = {"a"}}, "\"><big>"), "<big>"));
}

TEST(TitlePlace, KeepsTheMarginAndLeavesTheLogoItsHalf) {
  EXPECT_EQ(placed("safe-y", "0.05").at("title.edge"), "bottom");
  EXPECT_EQ(placed("safe-y", "0.05").at("title.margin"), "25");
  EXPECT_EQ(placed("logo-corner", "bottom-left").at("title.edge"), "bottom") << "there is no logo";
  EXPECT_FALSE(lay_out_overlays(picture()).contains("title.text"));
}

TEST(TitlePlace, PutsAShadeAgainstTheColourOfTheText) {
  EXPECT_TRUE(placed("title-colour", "#FFFFFF").at("title.shade").ends_with("shade-dark.png"));
  EXPECT_TRUE(placed("title-colour", "#1A2B3C").at("title.shade").ends_with("shade-light.png"));
  const auto bottom = placed("safe-y", "0.05");
  const int height = std::stoi(bottom.at("title.shade-height"));
  EXPECT_EQ(std::stoi(bottom.at("title.shade-y")) + height / 2, 500) << "darkest at the edge";
}

TEST(TitlePlace, RefusesATitleThatDoesNotFit) {
  std::string words;
  for (int i = 0; i < 100; ++i)
    words += "很长";
  try {
    placed("title", words);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_TRUE(has(error.what(), "too long for a picture of 1000x500")) << error.what();
  }
}

TEST_F(Logo, StandsInItsCornerInsideTheMargins) {
  const Values right = placed("top-right");
  EXPECT_EQ(right.at("logo.width"), "200");
  EXPECT_EQ(right.at("logo.height"), "100");
  EXPECT_EQ(right.at("logo.x"), "700");
  EXPECT_EQ(right.at("logo.y"), "25");
  const Values left = placed("bottom-left");
  EXPECT_EQ(left.at("logo.x"), "100");
  EXPECT_EQ(left.at("logo.y"), "375");
}

TEST_F(Logo, SendsTheTitleToTheOtherHalf) {
  Values values = picture();
  values["logo"] = write();
  values["title"] = "早安";
  values["logo-corner"] = "bottom-left";
  EXPECT_EQ(lay_out_overlays(values).at("title.edge"), "top");
  EXPECT_LT(std::stoi(lay_out_overlays(values).at("title.shade-y")), 0);
  values["logo-corner"] = "top-left";
  EXPECT_EQ(lay_out_overlays(values).at("title.edge"), "bottom");
}
