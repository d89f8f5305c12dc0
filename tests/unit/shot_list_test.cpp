// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists: what each format's rows become, mistakes by row and field, turns, order, languages,
// shares, takes and brands.
#include "shot_list_rig.h"

TEST_F(ShotListTest, EveryFormatSaysTheSame) {
  const char* wanted[] = {
      R"({"id":"shot-1","script":"一只猫","style":"ink","duration":2.5,"seed":7})",
      R"({"id":"x","index":1,"script":"a, b","style":"ink","seed":8,"references":["a.png","b c.png"],"note":"n"})"};
  const std::pair<const char*, const char*> lists[] = {
      {"a.csv", "\xEF\xBB\xBF#: style=ink\nid,script,duration,seed,references,note\r\n"
                ",一只猫, 2.5,7,,\r\nx,\"a, b\",,8,a.png; b c.png;,n\r\n"},
      {"b.csv", "style;id;script;duration;seed;references;note\nink;;一只猫;2.5;7;;\n"
                "ink;x;a, b;;8.0;\"[\"\"a.png\"\",\"\"b c.png\"\"]\";n\n"},
      {"a.json",
       R"({"defaults":{"style":"ink"},"shots":[{"script":"一只猫","duration":2.5,"seed":7},
                {"id":"x","script":"a, b","seed":8,"references":["a.png","b c.png"],"note":"n"}]})"},
      {"a.jsonl", "{\"defaults\":{\"style\":\"ink\"}}\n"
                  "{\"script\":\"一只猫\",\"duration\":2.5,\"seed\":7}\n"
                  "{\"id\":\"x\",\"script\":\"a, b\",\"seed\":8,"
                  "\"references\":[\"a.png\",\"b c.png\"],\"note\":\"n\"}\n"}};
  for (const auto& [name, text] : lists) {
    SCOPED_TRACE(name);
    const auto found = shots(list(name, text));
    ASSERT_EQ(found.size(), 2u);
    for (size_t i = 0; i < 2; ++i)
      EXPECT_EQ(json_of(found[i]), wanted[i]);
  }
  const auto lines = shots(list("a.txt", "#: seed=7\nfox\n#2 cat\n"));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(json_of(lines[1]), R"({"id":"shot-2","index":1,"script":"#2 cat","seed":7})");
}

TEST_F(ShotListTest, AScriptIsAListOfOne) {
  ShotListSettings settings;
  settings.script = "fox";
  settings.languages = {"zh", "en"};
  settings.loop = 2;
  EXPECT_EQ(ids(settings), (Texts{"shot-1.zh", "shot-1.en", "shot-1.zh~2", "shot-1.en~2"}));
  settings.shuffle = true;
  EXPECT_EQ(ids(settings).size(), 4u);
}

TEST_F(ShotListTest, MistakesNameRowAndField) {
  const std::tuple<const char*, std::string, const char*> mistakes[] = {
      {"a.json", R"(["a",
{"script":"b","duration":"long"}])",
       "row 2 (line 2): duration must be a number, not \"long\""},
      {"b.json", R"([{"script":"a","width":1}])", "row 1 (line 1): width is 1"},
      {"c.json", "[{\"script\":\"a\",\n \"width\" 1}]",
       "row 1 (line 1): not valid JSON: a colon is missing in line 2, column 10"},
      {"d.json", "[]", "the list holds no shot"},
      {"e.json", "7", "the JSON holds no list of rows"},
      {"f.json", R"([{"script":"a","keyframe":"maybe"}])", "row 1 (line 1): keyframe is \"maybe\""},
      {"g.json", R"([{"script":"a","language":"cn"}])",
       "row 1 (line 1): language: \"cn\" is no language"},
      {"h.json", R"([{"script":{"zh":"a","klingon":"b"}}])",
       "row 1 (line 1): script:klingon: \"klingon\" is no language"},
      {"i.json", R"([{"script":{"zh":7}}])", "row 1 (line 1): script:zh must be a string, not 7"},
      {"j.json", R"([{"script":{"zh":"a"}}])",
       "row 1 (line 1): script: has words for several languages"},
      {"a.csv", "script,width\nfox,9000\n", "row 1 (line 2): width is 9000"},
      {"b.csv", "script,duration\nfox,\"7,5\"\n",
       "row 1 (line 2): duration must be a number, not \"7,5\""},
      {"c.csv", "script,seed\nfox,1.5\n", "row 1 (line 2): seed must be a whole number, not 1.5"},
      {"d.csv", "script,seed\nfox,nan\n",
       "row 1 (line 2): seed must be a whole number, not \"nan\""},
      {"e.csv", "script,references\nfox,[1\n",
       "row 1 (line 2): references begins with [ and is no JSON array"},
      {"f.csv", "script,takes\nfox,1\n\"b\n\nc\",2\n,3\n", "row 3 (line 6): script: missing"},
      {"g.csv", "prompt,seed\na,1\n ,2\n", "row 2 (line 3): prompt: missing"},
      {"h.csv", "id,script,script:en\n1,a,b\n2,,\n", "row 2 (line 3): script: missing"},
      {"i.csv", "script,id\na,x\nb,y\nc,x\n",
       "row 3 (line 4): id: \"x\" is already taken by row 1"},
      {"j.csv", "script,id\na,\nb,shot-1\n",
       "row 2 (line 3): id: \"shot-1\" is already taken by row 1"},
      {"k.csv", "script,id\na,shot-2\nb,\n",
       "row 2 (line 3): id: \"shot-2\" is already taken by row 1"},
      {"a.jsonl", "\"a\"\n{\"script\":\"\"}\n", "row 2 (line 2): script: missing"},
      {"b.jsonl", "\"a\"\n\n{}\n", "row 2 (line 3): script: missing"},
      {"c.jsonl", "\"a\"\n\n{\"script\":\n", "row 2 (line 3): not valid JSON: "},
      {"a.txt", "a\nb\xff\n", "row 2 (line 2): script is not valid UTF-8 at byte 1"},
      {"b.txt",
       "\xff\xfe"
       "a",
       "the list is UTF-16"},
      {"c.txt", std::string("a\0b", 3), "row 1 (line 1): script holds a NUL character"},
      {"d.txt", "\n \n", "the list holds no shot"},
      {"e.txt", std::string(1 << 20, 'x'), "row 1 (line 1): script is 1048576 bytes long"}};
  for (const auto& [name, text, says] : mistakes) {
    const std::string said = said_of(name, text);
    EXPECT_TRUE(said.starts_with(says)) << name << ": " << said;
  }
}

TEST_F(ShotListTest, ShotsMayLeaveTheirWordsToTheStages) {
  const auto found =
      shots(list("a.json", R"([{"duration":2},{"script":null,"seed":1},{"id":"x","words":"?"}])"));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].words(), "");
  EXPECT_EQ(found[2].extra, R"({"words":"?"})");
  EXPECT_EQ(ids(list("a.csv", "id,duration\nx,1\ny,2\n")), (Texts{"x", "y"}));
}

TEST_F(ShotListTest, ShotsComeInEveryLanguageWithItsWords) {
  const std::string rows = R"([{"script":{"zh":"狐狸","en":"fox"}},{"script":"cat","language":"ja"},
    {"script":"any","script:zh":"狗","prompt":{"en":"a dog"}}])";
  auto settings = list("a.json", rows);
  settings.languages = {"zh-Hant", "en"};
  Texts found;
  for (const Shot& shot : shots(settings))
    found.push_back(shot.id + " " + shot.language + " " + shot.script + " " + shot.prompt);
  EXPECT_EQ(said_of(settings), "nothing");
  EXPECT_EQ(found, (Texts{"shot-1.zh-Hant zh-Hant 狐狸 ", "shot-1.en en fox ",
                          "shot-2.zh-Hant zh-Hant cat ", "shot-2.en en cat ",
                          "shot-3.zh-Hant zh-Hant 狗 ", "shot-3.en en any a dog"}));
}

TEST_F(ShotListTest, ALanguageWithoutWordsIsSaid) {
  auto settings = list("a.csv", "script:zh,script:en\n狐狸,fox\n猫,\n");
  settings.languages = {"zh", "en"};
  EXPECT_EQ(said_of(settings), "row 2 (line 3): script: has no words in en");
  settings.languages = {"zh"};
  EXPECT_EQ(ids(settings), (Texts{"shot-1.zh", "shot-2.zh"}));
}

TEST_F(ShotListTest, BadRowsAreLeftOutAndTheRestGoesOn) {
  const std::string text = "script,id,width\na,x,\nb,x,\nc,,5\n\"d\"e,,\nf\ng,,64\n";
  Texts told;
  auto settings = list("a.csv", text);
  settings.loop = 2;
  Texts found;
  for (const Shot& shot : shots(settings, &told))
    found.push_back(shot.id);
  EXPECT_EQ(found, (Texts{"x", "shot-6", "x~2", "shot-6~2"}));
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0], "row 2 (line 3): id: \"x\" is already taken by row 1");
  EXPECT_EQ(told[1], "row 3 (line 4): width is 5");
  EXPECT_TRUE(told[2].starts_with("row 4 (line 5): text follows a quoted field")) << told[2];
  EXPECT_EQ(told[3], "row 5 (line 6): it has 1 fields, the header 3");
}

TEST_F(ShotListTest, WhereAListCannotBeReadOnWhatStandsBeforeIsKept) {
  for (const char* text : {R"(["a","b" "c"])", R"(["a","b",{"script":"c])", R"(["a","b"] x)"}) {
    SCOPED_TRACE(text);
    Texts told;
    auto settings = list("a.json", text);
    settings.loop = 2;
    EXPECT_EQ(shots(settings, &told).size(), 4u);
    EXPECT_EQ(told.size(), 1u);
  }
}

TEST_F(ShotListTest, NoShotLeftIsAnError) {
  for (const auto& [name, text] : {std::pair("a.csv", "script,width\na,1\nb,2\n"),
                                   std::pair("b.txt", "\xff\xfe"
                                                      "a"),
                                   std::pair("c.json", "[{")}) {
    Texts told;
    const std::string said = said_of(list(name, text), &told);
    EXPECT_TRUE(said.starts_with("no shot is left: ")) << said;
    EXPECT_FALSE(told.empty());
  }
}

TEST_F(ShotListTest, ALoopTakesTurns) {
  auto settings = list("a.txt", "a\nb\n");
  settings.loop = 3;
  EXPECT_EQ(ids(settings),
            (Texts{"shot-1", "shot-2", "shot-1~2", "shot-2~2", "shot-1~3", "shot-2~3"}));
  settings.loop = -1;
  ShotListReader reader(settings);
  reader.check(nullptr);
  for (int i = 0; i < 1999; ++i)
    ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.next()->id, "shot-2~1000");
  auto marked = list("b.csv", "id,script\na~2,fox\n");
  EXPECT_EQ(said_of(marked), "nothing");
  marked.loop = 2;
  EXPECT_EQ(said_of(marked), "row 1 (line 2): id: \"a~2\" ends as in a turn of the loop");
}

TEST_F(ShotListTest, TheSeedShufflesEachTurnAnew) {
  std::string text = "script,chain\n";
  for (int i = 1; i <= 40; ++i)
    text += "fox," + std::string(i % 10 < 3 ? "c" + std::to_string(i / 10) : "") + "\n";
  auto settings = list("a.csv", text);
  const Texts straight = ids(settings);
  settings.shuffle = true;
  settings.loop = 2;
  const Texts both = ids(settings);
  ASSERT_EQ(both.size(), 80u);
  const Texts first(both.begin(), both.begin() + 40);
  Texts second;
  for (size_t i = 40; i < 80; ++i)
    second.emplace_back(both[i].substr(0, both[i].size() - 2));
  EXPECT_NE(first, straight);
  EXPECT_NE(first, second);
  EXPECT_EQ(ids(settings), both);
  settings.seed = 1;
  EXPECT_NE(ids(settings), both);
  const std::set<std::string> all(straight.begin(), straight.end());
  EXPECT_EQ(std::set(first.begin(), first.end()), all);
  EXPECT_EQ(std::set(second.begin(), second.end()), all);
  const auto at = [&](const char* id) {
    return std::find(first.begin(), first.end(), id) - first.begin();
  };
  EXPECT_EQ(at("shot-11"), at("shot-10") + 1); // of one chain
  EXPECT_EQ(at("shot-12"), at("shot-11") + 1);
}

TEST_F(ShotListTest, SharesKeepChainsWholeAndMissNothing) {
  auto settings = list("a.csv", "script,chain\na,\nb,x\nc,x\nd,\ne,\nf,x\n");
  settings.shard_count = 3;
  const Texts wanted[] = {{"shot-1", "shot-4"}, {"shot-2", "shot-3", "shot-5", "shot-6"}, {}};
  for (const bool shuffled : {false, true}) {
    settings.shuffle = shuffled;
    for (unsigned i = 0; i < 3; ++i) {
      settings.shard_index = i;
      Texts found = ids(settings);
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, wanted[i]) << i;
    }
  }
  settings.shard_index = 2; // has nothing to do, also without end
  settings.loop = -1;
  EXPECT_EQ(ids(settings), Texts{});
}

TEST_F(ShotListTest, TakesAreGivenByNumberOrId) {
  auto settings = list("a.csv", "script,id,take\na,x,\nb,,5\nc,,5\nd,7,\n");
  settings.takes = Takes("2=1, x=3,4=9");
  settings.languages = {"en"};
  std::vector<gint64> takes;
  for (const Shot& shot : shots(settings))
    takes.push_back(shot.take);
  EXPECT_EQ(takes, (std::vector<gint64>{3, 1, 5, 9}));
  for (const char* unknown : {"5=1", "7=1", "y=1"}) {
    settings.takes = Takes(unknown);
    EXPECT_EQ(said_of(settings), "takes: there is no shot " + std::string(unknown, 1));
  }
  for (const char* wrong : {"3", "=1", "3=", "3=-1", "3=x", "3=1,", "3=1,3=2", "3=2000000000"})
    EXPECT_THROW(Takes{wrong}, Error) << wrong;
  EXPECT_FALSE(Takes(" ").find(1, "shot-1"));
}

TEST_F(ShotListTest, ABrandIsOfShotsThatBringNoneAndIsReadButNotApplied) {
  const std::string brand = file("acme.json", R"({"name":"Acme","style":"ink",
    "seed":{"policy":"per-shot","value":7}})");
  auto settings = list("a.csv", "script,style,seed,brand\na,,,\nb,oil,5,\nc,,,house\n");
  settings.brand = brand;
  const auto plain = shots(settings);
  ASSERT_EQ(plain.size(), 3u);
  EXPECT_EQ(plain[0].brand, brand);
  EXPECT_EQ(plain[0].style, ""); // the stages have styles of their own, which go first
  EXPECT_EQ(plain[0].seed, -1);
  EXPECT_EQ(plain[1].brand, brand);
  EXPECT_EQ(plain[1].style, "oil");
  EXPECT_EQ(plain[1].seed, 5);
  EXPECT_EQ(plain[2].brand, "house");
  settings.languages = {"zh", "en"};
  settings.loop = 2;
  std::map<std::string, std::set<gint64>> seeds; // as a stage gives them
  for (Shot shot : shots(settings)) {
    if (shot.brand != brand) continue;
    apply_brand_defaults(*load_brand(brand), shot);
    seeds[std::string(shot.base_id())].insert(shot.seed);
  }
  EXPECT_EQ(seeds["shot-1"].size(), 1u);
  EXPECT_EQ(seeds["shot-2"], std::set<gint64>{5});
  settings.brand = file("typo.json", R"({"name":"Acme","promt":{}})");
  EXPECT_THROW(ShotListReader{settings}, Error);
  auto own = list("b.csv", "script,brand\na," + settings.brand + "\n");
  EXPECT_TRUE(said_of(own).starts_with("row 1 (line 2): " + settings.brand)) << said_of(own);
}

TEST_F(ShotListTest, ABrandFileIsLookedAtBeforeTheFirstShotAlone) {
  const std::string brand = file("acme.json", R"({"name":"Acme"})");
  ShotListReader reader(list("a.csv", "script,brand\na," + brand + "\nb," + brand + "\n"));
  reader.check(nullptr);
  EXPECT_TRUE(reader.next());
  file("acme.json", R"({"na)"); // is being saved
  EXPECT_TRUE(reader.next());
}

TEST_F(ShotListTest, RowsWithAFixedTimeAreApart) {
  const auto settings = [&] {
    auto settings = list("a.csv", "id,script,at\na,fox,\nnews,owl,20:00\nb,cat,\n");
    settings.loop = 2;
    return settings;
  };
  EXPECT_EQ(ids(settings()), (Texts{"a", "b", "a~2", "b~2"}));
  ShotListReader reader(settings());
  reader.check([](const std::string&, const Error& error) { throw error; });
  ASSERT_EQ(reader.timed().size(), 1u);
  EXPECT_EQ(reader.timed()[0].id, "news");
  EXPECT_EQ(reader.timed()[0].at, "20:00");
  EXPECT_EQ(said_of("b.csv", "script,at\nfox,25:00\n"), "row 1 (line 2): at is \"25:00\"");
  std::string many = "script,at\n";
  for (size_t i = 0; i <= kMaxTimedRows; ++i)
    many += "fox,20:00\n";
  EXPECT_NE(said_of("c.csv", many).find("at: more than"), std::string::npos);
}

TEST_F(ShotListTest, ItsIdsAreKnownInEveryTurnAndLanguage) {
  auto settings = list("a.csv", "id,script\nfox,a fox\n,a cat\n");
  settings.languages = {"zh", "en"};
  ShotListReader reader(settings);
  reader.check([](const std::string&, const Error& error) { throw error; });
  for (const char* id : {"fox", "fox.zh", "fox.en~3", "shot-2", "shot-2.zh"})
    EXPECT_TRUE(reader.has_id(id)) << id;
  for (const char* id : {"shot-1", "shot-3", "fox.fr", "fo", "cat"})
    EXPECT_FALSE(reader.has_id(id)) << id;
}

TEST_F(ShotListTest, ACopyIsReadOnWhenTheFileChanges) {
  auto settings = list("a.txt", "fox\ncat\n");
  settings.copy = true;
  settings.loop = 2;
  ShotListReader reader(settings);
  reader.check([](const std::string&, const Error& error) { throw error; });
  EXPECT_EQ(reader.next()->script, "fox");
  file("a.txt", "another list altogether\n");
  for (const char* words : {"cat", "fox", "cat"})
    EXPECT_EQ(reader.next()->script, words);
  EXPECT_FALSE(reader.next());
}
