// SPDX-License-Identifier: LGPL-2.1-or-later
// Shot lists: what each format's rows become, mistakes by row and field, turns, order, languages,
// shares, takes and brands, and how much memory many rows take.
#include "base/error.h"
#include "shot/brand.h"
#include "shot/shot_json.h"
#include "shot/shot_list.h"
#include "temp_folder.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

using namespace aigc;

namespace {

using Texts = std::vector<std::string>;

class ShotListTest : public testing::Test {
 protected:
  std::string file(const std::string& name, std::string_view bytes) const {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  ShotListSettings list(const std::string& name, std::string_view bytes) const {
    ShotListSettings settings;
    settings.location = file(name, bytes);
    return settings;
  }

  /// All shots; rows that are left out are told in `told`, without the path, where there is one,
  /// and are thrown otherwise.
  std::vector<Shot> shots(const ShotListSettings& settings, Texts* told = nullptr) const {
    ShotListReader reader(settings);
    reader.check([&](const std::string&, const Error& error) {
      if (!told) throw error;
      told->push_back(without_path(settings, error));
    });
    for (const Error& warning : reader.warnings())
      warned.push_back(without_path(settings, warning) + "; " + warning.remedy);
    std::vector<Shot> shots;
    while (auto shot = reader.next())
      shots.push_back(std::move(*shot));
    return shots;
  }

  Texts ids(const ShotListSettings& settings) const {
    Texts ids;
    for (const Shot& shot : shots(settings))
      ids.push_back(shot.id);
    return ids;
  }

  /// What is said of the list, without its path.
  std::string said_of(const ShotListSettings& settings, Texts* told = nullptr) const {
    try {
      shots(settings, told);
    } catch (const Error& error) {
      EXPECT_NE(error.remedy, "") << error.what();
      return without_path(settings, error);
    }
    return "nothing";
  }

  std::string said_of(const std::string& name, std::string_view bytes) const {
    return said_of(list(name, bytes));
  }

  static std::string without_path(const ShotListSettings& settings, const Error& error) {
    std::string text = error.what();
    const size_t path = text.find(settings.location + ": ");
    EXPECT_NE(path, std::string::npos) << text;
    if (path != std::string::npos) text.erase(path, settings.location.size() + 2);
    return text;
  }

  TempFolder folder;
  mutable Texts warned; ///< by all lists so far
};

std::string json_of(const Shot& shot) {
  return json_text(shot_to_json(shot).get());
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return 0;
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

} // namespace

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
  const std::string_view bytes("\0\n\r\"',;:{}[]\\#\xff\xe4 0e-", 22);
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
    [[maybe_unused]] const long before = resident_kib();
    reader.check(nullptr);
    size_t rows = 0;
    while (reader.next())
      ++rows;
    EXPECT_EQ(rows, kRows);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    // Shuffled, where each of them begins is kept.
    EXPECT_LT(resident_kib() - before, shuffled ? 6 * 1024 : 1024);
#endif
  }
}
