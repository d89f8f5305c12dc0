// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists that are wrong in a batch: what is wrong is told with row and field, and with on-error=skip
// the rest is made.
#include "batch_rig.h"

#include <map>
#include <sys/stat.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class BadBatch : public Batch {
 protected:
  /// Messages of the rows that failed, by number.
  std::map<size_t, std::string> failures() {
    std::map<size_t, std::string> messages;
    const JsonView rows = report()["rows"];
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows.at(i)["state"].text() == "failed")
        messages[static_cast<size_t>(rows.at(i)["row"].integer().value_or(0))] =
            rows.at(i)["message"].text();
    return messages;
  }
};

} // namespace

TEST_F(BadBatch, EveryKindOfBadRowIsToldAndTheRestIsMade) {
  write("rows.csv", "id,prompt,width,languages,language\n"
                    "a,lake,,,\n"
                    "b,,,,\n"
                    "c,ship,,\"zh,xx\",\n"
                    "d,tea,9999,,\n"
                    "e,tea,1.5,,\n"
                    "a,sun,,,\n"
                    "g,moon,,,klingon\n"
                    "h,sea,16\n"
                    "i,caf\xe9,,,\n"
                    "j,tree,,,en\n");
  const std::map<size_t, Names> wrong = {
      {2, {"(line 3)", "prompt"}},
      {3, {"(line 4)", "languages=zh,xx: 'xx' is no language"}},
      {4, {"(line 5)", "width=9999: out of range"}},
      {5, {"(line 6)", "width=1.5"}},
      {6, {"(line 7)", "id=a is that of row 1 too"}},
      {7, {"(line 8)", "language=klingon"}},
      {8, {"(line 9)", "3", "5"}},
      {9, {"(line 10)", "not valid UTF-8"}},
  };
  const Outcome refused = batch({"dot", "rows.csv"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_EQ(made(), std::set<std::string>{"rows.csv"});

  const Outcome run = batch({"dot", "rows.csv", "on-error=skip", "--report=r.json"});
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_EQ(made(), (std::set<std::string>{"a.png", "j.png", "r.json", "rows.csv"}));
  EXPECT_TRUE(has(run.out, "made 2, skipped 0, failed 8")) << run.out;
  const auto told = failures();
  EXPECT_EQ(told.size(), wrong.size());
  for (const auto& [row, parts] : wrong) {
    ASSERT_TRUE(told.contains(row)) << row;
    const std::string& message = told.at(row);
    EXPECT_TRUE(message.starts_with("rows.csv: row " + std::to_string(row) + " ")) << message;
    for (const auto& part : parts)
      EXPECT_TRUE(has(message, part)) << part << " in " << message;
    EXPECT_TRUE(has(run.err, message)) << message;
  }
}

TEST_F(BadBatch, JsonIsToldWithLineAndColumn) {
  write("rows.jsonl", "{\"prompt\": \"lake\"}\n{\"prompt\": lake}\n{\"prompt\": \"ship\"}\n");
  EXPECT_EQ(batch({"dot", "rows.jsonl", "on-error=skip", "--report=r.json"}).status, 1);
  EXPECT_EQ(states(report()), "made failed made");
  EXPECT_TRUE(has(failures()[2], "row 2 (line 2)")) << failures()[2];
  EXPECT_TRUE(has(failures()[2], "line 2, column 12")) << failures()[2];

  // Of an array nothing below a mistake can be read.
  write("rows.json", "[{\"prompt\": \"lake\"},\n {\"prompt\": ]\n");
  EXPECT_EQ(batch({"dot", "rows.json", "on-error=skip", "--report=r.json", "out-dir=j"}).status, 1);
  EXPECT_EQ(states(report()), "made failed");
  EXPECT_TRUE(has(failures()[2], "line 2, column 13")) << failures()[2];
}

TEST_F(BadBatch, WhatIsNoListIsNamedAtOnceAndStartsNothing) {
  fs::create_directory(folder / "folder.csv");
  ASSERT_EQ(mkfifo((folder / "pipe.csv").c_str(), 0600), 0);
  write("huge.csv", "prompt\nlake\n");
  fs::resize_file(folder / "huge.csv", 2ull << 30);
  write("latin.txt", "caf\xe9\n");
  write("wide.csv", std::string("\xff\xfep\0r\0", 6));
  const auto before = made();
  const struct {
    const char* list;
    Names said;
    int skipping = 2; ///< status with on-error=skip
  } cases[] = {
      {"none.csv", {"does not exist"}},
      {"folder.csv", {"is a folder, not a file"}},
      {"pipe.csv", {"is a pipe, not a file"}},
      {"huge.csv", {"is 2147483648 bytes long"}},
      {"latin.txt", {"row 1 (line 1)", "prompt is not valid UTF-8 at byte 3"}, 1},
      {"wide.csv", {"UTF-16"}, 1},
  };
  for (const auto& [list, said, skipping] : cases)
    for (const bool skip : {false, true}) {
      Names words{"dot", list};
      if (skip) words.push_back("on-error=skip");
      const auto begun = std::chrono::steady_clock::now();
      const Outcome run = batch(words);
      EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << list;
      EXPECT_EQ(run.status, skip ? skipping : 2) << list << ": " << run.err;
      EXPECT_TRUE(has(run.err, list)) << run.err;
      for (const auto& part : said)
        EXPECT_TRUE(has(run.err, part)) << part << " in " << run.err;
      EXPECT_EQ(made(), before) << list;
    }
}
