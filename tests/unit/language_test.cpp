// SPDX-License-Identifier: LGPL-2.1-or-later
// Languages: what is one, what is said of what is none, and ids of shots in several.
#include "base/error.h"
#include "shot/language.h"

#include <gtest/gtest.h>

using namespace aigc;

namespace {

using Names = std::vector<std::string>;

/// What is said of a list of languages, with the remedy behind it.
std::string said_of(std::string_view languages) {
  try {
    read_languages(languages);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::settings);
    return std::string(error.what()) + "; " + error.remedy;
  }
  return "nothing";
}

} // namespace

TEST(Language, CodesAreThoseOfBcp47) {
  for (const char* word : {"zh", "en", "ja", "pt-BR", "zh-Hant-TW", "es-419", "yue"})
    EXPECT_TRUE(is_language(word)) << word;
  for (const char* word : {"", "z", "xx", "cn", "EN", "eng", "english", "zh_CN", "zh-", "-zh",
                           "zh--TW", "zh-ABCDEFGHI", "中文", "a b", "auto"})
    EXPECT_FALSE(is_language(word)) << word;
}

TEST(Language, ListsHaveCommas) {
  EXPECT_EQ(read_languages("zh"), Names{"zh"});
  EXPECT_EQ(read_languages("zh, en ,pt-BR"), (Names{"zh", "en", "pt-BR"}));
  EXPECT_EQ(said_of("zh,xx"),
            "languages=zh,xx: 'xx' is no language; give codes such as zh, en or pt-BR");
  EXPECT_EQ(said_of("zh,,en"),
            "languages=zh,,en: '' is no language; give codes such as zh, en or pt-BR");
  EXPECT_EQ(said_of("zh,zh"), "languages=zh,zh: zh is there twice; give it once");
}

TEST(Language, MistakesAreGuessed) {
  const std::pair<const char*, const char*> mistakes[] = {{"cn", "zh"},      {"jp", "ja"},
                                                          {"English", "en"}, {"eng", "en"},
                                                          {"EN", "en"},      {"zh_tw", "zh-tw"}};
  for (const auto& [word, meant] : mistakes)
    EXPECT_EQ(language_remedy(word), "did you mean " + std::string(meant) + "?");
}

TEST(Language, RunsSayLanguageAndTurn) {
  EXPECT_EQ(run_of("", 1), "");
  EXPECT_EQ(run_of("zh", 1), ".zh");
  EXPECT_EQ(run_of("", 2), "~2");
  EXPECT_EQ(run_of("pt-BR", 10), ".pt-BR~10");
  for (const char* id : {"shot-3", "a~b", "a~", "~b2", "2"})
    EXPECT_FALSE(ends_as_in_turn(id)) << id;
  for (const char* id : {"shot-3~2", "a.zh~10", "a~b~3"})
    EXPECT_TRUE(ends_as_in_turn(id)) << id;
}
