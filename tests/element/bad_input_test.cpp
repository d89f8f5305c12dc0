// SPDX-License-Identifier: LGPL-2.1-or-later
// Bad input: one clear error that names element, value and remedy; nothing asked, nothing hung.
#include "launch.h"

#include <sys/stat.h>
#include <unistd.h>

using namespace aigc;

namespace {

struct Case {
  std::string line;
  std::vector<std::string> says; ///< parts of the one error
};

bool asked_a_service(const Ran& ran) {
  return !ran.progress.empty();
}

} // namespace

class BadInputTest : public ElementTest {
 protected:
  std::string file(const std::string& name, const std::string& bytes) {
    const std::string path = folder.path() + "/" + name;
    g_file_set_contents(path.c_str(), bytes.data(), static_cast<gssize>(bytes.size()), nullptr);
    return path;
  }

  void expect_one_error(const Case& wanted, bool may_ask = false) {
    SCOPED_TRACE(wanted.line);
    Launch launch(wanted.line);
    ASSERT_EQ(launch.parse_error, "");
    const Ran ran = launch.run();
    ASSERT_EQ(ran.errors.size(), 1u);
    for (const auto& part : wanted.says)
      EXPECT_NE(ran.errors[0].find(part), std::string::npos) << part << " in " << ran.errors[0];
    EXPECT_TRUE(may_ask || !asked_a_service(ran));
  }
};

TEST_F(BadInputTest, SettingsAreRefusedBeforeAnythingStarts) {
  const std::vector<Case> cases = {
      {"aipromptenhance name=w ! fakesink", {"w:", "no words", "set prompt"}},
      {"aipromptenhance name=w prompt=\"  \" ! fakesink", {"w:", "no words", "set prompt"}},
      {"aipromptenhance prompt=a ! qwenimagesrc name=q width=1 ! fakesink",
       {"q:", "width is 1", "16"}},
      {"qwenimagesrc name=q prompt=a aspect=wide ! fakesink", {"q:", "\"wide\"", "16:9"}},
      {"qwenimagesrc name=q prompt=a width=8000 ! fakesink", {"q:", "width is 8000", "4096"}},
      {"qwenimagesrc name=q prompt=a model=dall-e ! fakesink", {"q:", "dall-e", "storyboard-1"}},
      {"qwenimagesrc name=q prompt=a backend=dashscope ! fakesink", {"q:", "dashscope", "preview"}},
      {"aipromptenhance prompt=a ! wanxvideogen duration=0 ! fakesink",
       {"camera:", "duration is 0", "0.1"}},
      {"aipromptenhance prompt=a ! wanxvideogen duration=10000 ! fakesink",
       {"camera:", "duration is 10000", "60"}},
      {"aishotsrc name=l ! fakesink", {"l:", "no shots", "script"}},
      {"aishotsrc name=l script=a location=b ! fakesink", {"l:", "both", "one of them"}},
      {"aishotsrc name=l script=a loop=0 ! fakesink", {"l:", "loop is 0", "-1"}},
      {"aishotsrc name=l script=a shard-index=2 shard-count=2 ! fakesink",
       {"l:", "shard-index is 2 of 2", "from 0"}},
      {"aishotsrc name=l script=a languages=en,cn ! fakesink",
       {"l:", "'cn' is no language", "did you mean zh?"}},
      {"aishotsrc name=l script=a takes=3 ! fakesink", {"l:", "takes=3", "3=1,7=2"}},
      {"aishotsrc name=l script=a takes=2=1 ! fakesink", {"l:", "takes: there is no shot 2"}},
      {"aishotsrc name=l script=a brand=/nowhere/acme.json ! fakesink",
       {"l:", "/nowhere/acme.json"}},
  };
  for (const auto& one : cases)
    expect_one_error(one);
}

TEST_F(BadInputTest, AnUnlinkedSourcePadIsNamedBeforeAnythingIsAsked) {
  expect_one_error({"aipromptenhance name=w prompt=a", {"w:", "not linked", "filesink"}});
  expect_one_error({"aipromptenhance prompt=a ! qwenimagesrc name=q", {"q:", "not linked"}});
  expect_one_error({"aipromptenhance prompt=a ! wanxvideogen", {"player:", "not linked"}});
}

TEST_F(BadInputTest, CapsNobodyCanMeetAreFoundBeforeAnythingIsAsked) {
  expect_one_error({"aipromptenhance prompt=a ! qwenimagesrc name=q width=100 height=60 ! "
                    "video/x-raw,width=200 ! fakesink",
                    {"q:", "nothing behind takes a picture", "200"}});
  expect_one_error({"aipromptenhance prompt=a ! wanxvideogen ! capsfilter "
                    "caps=\"video/x-raw,width=20000;audio/x-raw\" ! fakesink",
                    {"player:", "downstream takes only", "20000", "videoscale"}});
  expect_one_error({"wanxvideogen name=v prompt=a v.video ! fakesink v.audio ! capsfilter "
                    "caps=\"audio/x-raw,channels=100\" ! fakesink",
                    {"player:", "downstream takes only", "channels=(int)100", "audioconvert"}});
}

TEST_F(BadInputTest, ListsNameFileRowAndField) {
  std::string seventh = "[";
  for (int i = 1; i <= 8; ++i)
    seventh += std::string(i > 1 ? "," : "") + (i == 7 ? R"({"duration":"long"})" : "\"ok\"");
  const std::string pipe = folder.path() + "/pipe.txt", sparse = file("sparse.json", "[");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(truncate(sparse.c_str(), 2LL << 30), 0);
  const std::vector<Case> cases = {
      {"/nowhere/list.txt", {"/nowhere/list.txt", "does not exist"}},
      {folder.path(), {folder.path(), "is a folder"}},
      {pipe, {pipe, "is a pipe"}},
      {sparse, {sparse, "2147483648 bytes"}},
      {file("wide.txt", "\xff\xfe"
                        "a"),
       {"wide.txt", "UTF-16", "UTF-8"}},
      {file("latin.csv", "script,mood\nfox,tr\xfc"
                         "b\n"),
       {"latin.csv", "row 1 (line 2)", "mood", "not valid UTF-8", "iconv"}},
      {file("blank.csv", "script,mood\nfox,\n\n,wet\n"),
       {"blank.csv", "row 2 (line 4): script: missing"}},
      {file("twice.csv", "script,id\nfox,x\ncat,x\n"),
       {"twice.csv", "row 2 (line 3)", "\"x\" is already taken by row 1"}},
      {file("tongue.csv", "script,language\nfox,english\n"),
       {"tongue.csv", "row 1 (line 2)", "language: \"english\" is no language", "mean en?"}},
      {file("comma.json", "[\"a\"\n \"b\"]"),
       {"comma.json", "a comma is missing in line 2, column 2"}},
      {file("row.json", seventh + "]"), {"row.json", "row 7", "duration must be a number"}},
      {file("cut.json", "[{\"script\":"), {"cut.json", "not valid JSON"}},
      {file("empty.txt", ""), {"empty.txt", "no shot"}},
      {file("bad.txt", "a\nb\xff\n"), {"bad.txt", "row 2", "UTF-8"}},
      {file("nul.txt", std::string("a\0b", 3)), {"nul.txt", "row 1", "NUL"}},
      {file("big.txt", std::string(1 << 20, 'x')), {"big.txt", "1048576 bytes", "32768"}},
      {file("size.json", R"([{"script":"a","width":1}])"), {"size.json", "row 1", "width is 1"}},
      {file("long.json", R"([{"script":"a","duration":10000}])"), {"row 1", "duration is 10000"}},
  };
  for (const auto& [path, says] : cases)
    expect_one_error({"aishotsrc location=\"" + path + "\" ! aipromptenhance ! fakesink", says});
}

TEST_F(BadInputTest, AShotWithoutWordsIsFilledInOrRefused) {
  const std::string list = file("blank.json", R"([{"id":"a","duration":1},{"seed":1}])");
  expect_one_error({"aishotsrc location=" + list + " ! aipromptenhance name=w ! fakesink",
                    {"w:", "no words", "script"}},
                   true);
  Launch launch("aishotsrc location=" + list + " ! aipromptenhance prompt=fox ! fakesink");
  EXPECT_TRUE(launch.run().eos);
}

TEST_F(BadInputTest, PropertiesThatAreNotUtf8AreNamed) {
  for (const char* property : {"style", "language"}) {
    Launch launch("aipromptenhance name=w prompt=fox ! fakesink");
    auto writer = launch.element("w");
    g_object_set(writer.get(), property, "a\xff", nullptr);
    const Ran ran = launch.run();
    ASSERT_EQ(ran.errors.size(), 1u);
    EXPECT_NE(ran.errors[0].find(std::string(property) + " is not valid UTF-8"), std::string::npos);
  }
}

TEST_F(BadInputTest, BadBytesInAStreamAreRefusedByTheStageThatReadsThem) {
  const std::vector<Case> cases = {
      {file("bad.txt", "a\xff"), {"w:", "not valid UTF-8 at byte 1"}},
      {file("nul.txt", std::string("a\0b", 3)), {"w:", "NUL"}},
      {file("big.txt", std::string(1 << 20, 'x')), {"w:", "over 32768 bytes"}},
  };
  for (const auto& [path, says] : cases)
    expect_one_error({"filesrc location=" + path + " ! aipromptenhance name=w ! fakesink", says},
                     true);
}

TEST_F(BadInputTest, SkipLeavesTheBadShotOutAndGoesOn) {
  const std::string path = file("mixed.txt", "fox\nb\xff\ncat\n");
  Launch launch("filesrc location=" + path + " ! aipromptenhance on-error=skip ! fakesink");
  const Ran ran = launch.run();
  EXPECT_TRUE(ran.eos);
  EXPECT_EQ(ran.warnings.size(), 1u);
  EXPECT_EQ(ran.elements.size(), 3u); // two done, one failed
}

TEST_F(BadInputTest, PicturesThatAreNoneAreRefused) {
  const std::string text = file("text.png", "this is no picture");
  expect_one_error(
      {"filesrc location=" + text + " ! image/png ! wanxvideogen prompt=a duration=0.2 ! fakesink",
       {"camera:", "not a PNG"}},
      true);
  std::string bomb("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0", 29);
  bomb.append(64, '\0');
  expect_one_error({"filesrc location=" + file("bomb.png", bomb) +
                        " ! image/png ! wanxvideogen prompt=a duration=0.2 ! fakesink",
                    {"camera:", "60000x60000"}},
                   true);
}

TEST_F(BadInputTest, ACacheFolderThatCannotBeMadeIsNamed) {
  const std::string path = file("plain-file", "");
  expect_one_error(
      {"wanxclipgen name=c prompt=a duration=0.2 cache-dir=" + path + "/below ! fakesink",
       {"c:", path, "cache-dir"}},
      true);
}

TEST_F(BadInputTest, AKeyForAnotherServiceIsNoReasonForFakePictures) {
  g_setenv("DEEPSEEK_API_KEY", "canary", TRUE);
  expect_one_error(
      {"qwenimagesrc name=q prompt=a ! fakesink", {"q:", "deepseek", "backend=preview"}});
  g_unsetenv("DEEPSEEK_API_KEY");
}
