// SPDX-License-Identifier: LGPL-2.1-or-later
// The vocabulary is what it promises, words are read by the longest match, the writer keeps the
// user's words letter for letter.
#include "service/preview/layers.h"
#include "service/preview/reading.h"
#include "service/preview/shapes.h"

#include <gtest/gtest.h>
#include <set>

using namespace aigc;
using namespace aigc::preview;

namespace {

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> list;
  while (!names.empty()) {
    const size_t bar = std::min(names.find('|'), names.size());
    list.emplace_back(names.substr(0, bar));
    names.remove_prefix(std::min(bar + 1, names.size()));
  }
  return list;
}

std::vector<std::string> ids(const Reading& reading) {
  std::vector<std::string> list;
  for (const Subject* subject : reading.subjects)
    list.emplace_back(subject->names.id);
  return list;
}

using List = std::vector<std::string>;

template <typename Table> void check_names(const Table& table, auto names_of) {
  for (const char* Names::*language : {&Names::zh, &Names::en, &Names::ja}) {
    std::set<std::string> seen;
    for (const auto& row : table) {
      const Names& names = names_of(row);
      const auto terms = split(names.*language);
      EXPECT_FALSE(terms.empty()) << names.id;
      for (const auto& term : terms) {
        EXPECT_FALSE(term.empty()) << names.id;
        EXPECT_TRUE(seen.insert(term).second) << term << " stands twice";
      }
    }
  }
}

const Names& self(const Names& names) {
  return names;
}

} // namespace

TEST(Vocabulary, HoldsWhatIsPromisedInThreeLanguages) {
  EXPECT_GE(subjects().size(), 60u);
  EXPECT_GE(places().size(), 12u);
  EXPECT_GE(weathers().size(), 8u);
  EXPECT_GE(lights().size(), 6u);
  EXPECT_GE(styles().size(), 10u);
  check_names(subjects(), [](const Subject& subject) -> const Names& { return subject.names; });
  check_names(styles(), [](const Style& style) -> const Names& { return style.names; });
  for (const auto table : {places(), weathers(), lights(), motions(), particles(), moods()})
    check_names(table, self);
}

TEST(Vocabulary, EverySubjectHasAShapeAndAHome) {
  std::set<std::string> known = {""};
  for (const Names& place : places())
    known.insert(place.id);
  for (const Subject& subject : subjects()) {
    EXPECT_NE(find_shape(subject.names.id), nullptr) << subject.names.id;
    EXPECT_TRUE(known.contains(subject.home)) << subject.names.id;
  }
}

TEST(Reading, TakesTheLongestTerm) {
  const Reading reading = read_words("一位穿汉服的女孩在樱花树下弹古筝，花瓣随风飘落");
  EXPECT_EQ(ids(reading), (List{"hanfu_girl", "cherry_tree", "guzheng"}));
  EXPECT_EQ(reading.particles, List{"petals"});
  EXPECT_EQ(reading.weathers, List{"wind"});
  EXPECT_TRUE(reading.unknown.empty()) << reading.unknown.front();

  const Reading fox = read_words("机械狐狸在未来城市奔跑");
  EXPECT_EQ(ids(fox), List{"mech_fox"});
  EXPECT_EQ(fox.places, List{"future_city"});
  EXPECT_TRUE(fox.unknown.empty()) << fox.unknown.front();
}

TEST(Reading, KnowsEnglishWordBordersAndPlurals) {
  EXPECT_EQ(ids(read_words("Two cats, puppies and wolves")), (List{"cat", "dog", "wolf"}));
  EXPECT_TRUE(ids(read_words("a catalogue of carpets")).empty());
  EXPECT_EQ(ids(read_words("a hot air balloon")), List{"balloon"});
  EXPECT_EQ(ids(read_words("the cat's castle")), (List{"cat", "castle"}));
}

TEST(Reading, KnowsJapanese) {
  const Reading reading = read_words("雪の降る夜、狐が森を走る");
  EXPECT_EQ(ids(reading), List{"fox"});
  EXPECT_EQ(reading.places, List{"forest"});
  EXPECT_EQ(reading.weathers, List{"snow"});
  EXPECT_EQ(reading.lights, List{"night"});
}

TEST(Reading, KeepsUnknownWordsAsWritten) {
  EXPECT_EQ(read_words("a cat on a Quantum Toaster").unknown, List{"Quantum Toaster"});
  EXPECT_EQ(read_words("一只猫和量子烤面包机").unknown, List{"量子烤面包机"});
  EXPECT_EQ(read_words("猫とトースター").unknown, List{"トースター"});
  EXPECT_EQ(read_words("灯笼上写着“营业中”").unknown, (List{"写", "营业中"}));
  EXPECT_TRUE(read_words("3 dogs, 2024").unknown.empty());
}

TEST(Reading, ReadsMotionWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"镜头推进", "push_in"},    {"拉远", "pull_out"},  {"slow pan left", "pan_left"},
      {"向右摇", "pan_right"},    {"升降", "crane_up"},  {"crane down", "crane_down"},
      {"环绕", "orbit"},          {"静止", "static"},    {"カメラが寄る", "push_in"},
      {"引いていく", "pull_out"}, {"回り込む", "orbit"}, {"push in", "push_in"}};
  for (const auto& [words, id] : cases)
    EXPECT_EQ(read_words(words).motions, List{id}) << words;
}

TEST(Reading, SurvivesAnyBytes) {
  for (const char* text :
       {"", " ", "\xff\xfe\x80", "\xe6\xa8", "“", "“”", "....", "\xf0\x9f\xa6\x8a"})
    EXPECT_NO_THROW(read_words(text)) << text;
}

TEST(Writer, KeepsTheWordsAndTheLanguage) {
  for (const char* script : {"一位穿汉服的女孩在樱花树下弹古筝，花瓣随风飘落",
                             "Anna's 3 cats say “hi” at 07:15", "湖の上の小舟「月影」"}) {
    const WrittenShot shot = write({script, "cinematic", "auto", ""});
    EXPECT_TRUE(shot.prompt.starts_with(script)) << shot.prompt;
    EXPECT_EQ(tongue_of(shot.prompt.substr(std::string(script).size()), "auto"),
              tongue_of(script, "auto"))
        << shot.prompt;
    EXPECT_FALSE(shot.negative_prompt.empty());
    EXPECT_FALSE(shot.motion_prompt.empty());
    EXPECT_FALSE(shot.mood.empty());
    EXPECT_EQ(shot.prompt.find('\n'), std::string::npos);
  }
}

TEST(Writer, FollowsLanguageStyleAndResolution) {
  EXPECT_NE(write({"一只猫", "ink", "en", "4K"}).prompt.find("rice paper"), std::string::npos);
  EXPECT_NE(write({"a cat", "ink", "zh-CN", "4K"}).prompt.find("4K"), std::string::npos);
  EXPECT_NE(write({"a cat", "pixel art", "auto", ""}).prompt.find("pixel art"), std::string::npos);
  std::set<std::string> prompts;
  for (const Style& style : styles())
    prompts.insert(write({"a cat", style.names.id, "auto", ""}).prompt);
  EXPECT_EQ(prompts.size(), styles().size());
}

TEST(Writer, PassesTheAskedMotionOn) {
  for (const char* words : {"一只猫，镜头拉远", "a cat, pull out", "猫、カメラを引く"})
    EXPECT_EQ(read_words(write({words, "", "auto", ""}).motion_prompt).motions, List{"pull_out"})
        << words;
  // A fitting one is chosen when none is asked for, and it reads back as one.
  EXPECT_EQ(read_words(write({"a lighthouse", "", "auto", ""}).motion_prompt).motions,
            List{"crane_up"});
}

TEST(Writer, IsDeterministic) {
  const WriteOrder order{"雨中的老人与狗", "noir", "auto", "2K"};
  EXPECT_EQ(write(order).prompt, write(order).prompt);
}
