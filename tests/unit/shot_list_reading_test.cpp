// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists: names that are no fields, reading that stops and goes on, broken bytes, and how much
// memory many rows take.
#include "process_size.h"
#include "shot_list_rig.h"

using namespace std::literals;

TEST_F(ShotListTest, RunsAreTheListsAndNotGuessedFromIds) {
  auto settings = list("a.csv", "id,script,language,run\nscene~1,a,en,x\na.en,b,en,\n");
  std::vector<std::pair<std::string, std::string>> found;
  const auto keep = [&] {
    for (const Shot& shot : shots(settings))
      found.emplace_back(shot.base_id(), shot.run);
  };
  keep();
  settings = list("b.csv", "id,script\na.en,b\n");
  settings.loop = 2;
  settings.languages = {"en"};
  keep();
  EXPECT_EQ(found, (std::vector<std::pair<std::string, std::string>>{
                       {"scene~1", ""}, {"a.en", ""}, {"a.en", ".en"}, {"a.en", ".en~2"}}));
}

TEST_F(ShotListTest, NamesInOtherLettersAreTheFields) {
  const auto found =
      shots(list("a.CSV", "#: STYLE=ink\nScript,Duration,Negative_Prompt,Note\nfox,7,fog,n\n"));
  EXPECT_EQ(json_of(found.at(0)), R"({"id":"shot-1","script":"fox","negative-prompt":"fog",)"
                                  R"("style":"ink","duration":7.0,"Note":"n"})");
  EXPECT_EQ(json_of(shots(list("a.json", R"([{"Script":{"zh":"狐狸"},"Language":"zh"}])")).at(0)),
            R"({"id":"shot-1","script":"狐狸","language":"zh"})");
  EXPECT_EQ(said_of("b.csv", "script,Script\na,b\n"), "the header names Script twice");
  EXPECT_EQ(warned, Texts{});
}

TEST_F(ShotListTest, ANameNearAFieldIsWarnedOfOnce) {
  shots(list("a.csv", "script,stlye,Motion,title,date,name,note,scene,id2\na,b,c,d,e,f,g,h,i\n"
                      "a,b,c,d,e,f,g,h,i\n"));
  shots(list("b.jsonl", "\"a\"\n{\"script\":\"b\",\"scirpt:zh\":\"c\"}\n"));
  EXPECT_EQ(warned,
            (Texts{"row 1 (line 2): \"stlye\" is no field, it does nothing; did you mean style?",
                   "row 1 (line 2): \"Motion\" is no field, it does nothing; did you mean "
                   "motion-prompt?",
                   "row 2 (line 2): \"scirpt:zh\" is no field, it does nothing; did you mean "
                   "script?"}));
}

TEST_F(ShotListTest, AListWithWordsUnderAWrongNameAloneIsAnError) {
  EXPECT_EQ(said_of("a.csv", "id,promt\nx,fox\n"),
            "row 1 (line 2): \"promt\" is no field, it does nothing, and there are no words in the "
            "list");
  EXPECT_EQ(said_of("b.csv", "id,stlye\nx,ink\n"), "nothing");
  EXPECT_EQ(said_of("c.csv", "id,promt,prompt:en\nx,fox,\ny,,fox\n"),
            "row 1 (line 2): prompt: missing");
}

TEST_F(ShotListTest, BadRowsAreToldByTheirOwnIds) {
  ShotListReader reader(list("a.json", R"([{"script":"a"},{"ID":"x","width":1},{"width":1},
                                           {"id":7,"script":"a"},"b" "c"])"));
  Texts told;
  reader.check([&](const std::string& id, const Error&) { told.push_back(id); });
  EXPECT_EQ(told, (Texts{"x", "shot-3", "shot-4", "rest"}));
}

TEST_F(ShotListTest, ReadingCanBeStoppedAndTakenUpAgain) {
  const std::string gap(1 << 18, '\n');
  for (const bool shuffled : {false, true}) {
    auto settings = list("a.txt", "a" + gap + "b" + gap);
    settings.shuffle = shuffled;
    ShotListReader reader(settings);
    Cancel stopped;
    stopped.cancel();
    EXPECT_THROW(reader.check(nullptr, &stopped), Error);
    reader.check(nullptr);
    std::set<std::string> found{reader.next()->id};
    EXPECT_THROW(reader.next(&stopped), Error);
    found.insert(reader.next()->id);
    EXPECT_EQ(found, (std::set<std::string>{"shot-1", "shot-2"}));
    EXPECT_FALSE(reader.next());
  }
}

TEST_F(ShotListTest, AListThatChangesWhileItIsReadIsSaid) {
  for (const bool shuffled : {false, true}) {
    auto settings = list("a.txt", "a\nb\nc\n");
    settings.shuffle = shuffled;
    ShotListReader reader(settings);
    reader.check(nullptr);
    reader.next();
    file("a.txt", "something else\n");
    EXPECT_THROW(reader.next(), Error);
  }
}

TEST_F(ShotListTest, BrokenBytesAreErrorsAndNothingWorse) {
  const std::pair<const char*, std::string> lists[] = {
      {"a.csv",
       "#: seed=1\nid,script,script:zh,duration,references\nx,\"a, \"\"b\"\"\",一,2,a;b\n,c,,,\n"},
      {"a.json",
       R"({"defaults":{"seed":1},"shots":[{"script":{"zh":"一","en":"b"},"x":[1,{}]},"c"]})"},
      {"a.jsonl",
       "{\"defaults\":{\"seed\":1}}\n{\"script\":\"a\",\"references\":[\"b\"]}\n\"c\"\n"},
      {"a.txt", "#: seed=1\n一\nb\n"}};
  std::mt19937 random(7);
  const auto bytes = "\0\n\r\"',;:{}[]\\#\xff\xe4 0e-"sv;
  size_t refused = 0;
  for (const auto& [name, text] : lists)
    for (int round = 0; round < 100; ++round) {
      std::string broken = text;
      for (unsigned i = 0; i <= random() % 3; ++i)
        broken[random() % broken.size()] = bytes[random() % bytes.size()];
      if (round % 3 == 0) broken.resize(random() % broken.size());
      auto settings = list(name, broken);
      settings.languages = {"zh", "en"};
      Texts told;
      refused += said_of(settings, &told) != "nothing" || !told.empty();
    }
  EXPECT_GT(refused, 100u);
}

TEST_F(ShotListTest, AHundredThousandRowsTakeNoMemory) {
  constexpr size_t kRows = 100'000;
  ShotListSettings settings;
  settings.location = folder.path() + "/a.jsonl";
  {
    std::ofstream rows(settings.location);
    for (size_t row = 0; row < kRows; ++row)
      rows << "{\"script\":\"a fox in the snow, number " << row << "\",\"mood\":\"calm\"}\n";
  }
  for (const bool shuffled : {false, true}) {
    settings.shuffle = shuffled;
    ShotListReader reader(settings);
    forget_peak();
    [[maybe_unused]] const long before = peak_kib();
    reader.check(nullptr);
    size_t rows = 0;
    while (reader.next())
      ++rows;
    EXPECT_EQ(rows, kRows);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    // Shuffled, where each of them begins is kept.
    EXPECT_LT(peak_kib() - before, shuffled ? 6 * 1024 : 1024);
#endif
  }
}
