// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists as rows: what each format takes, what is said of each mistake, how much memory it takes.
#include "base/error.h"
#include "process_size.h"
#include "shot/rows.h"
#include "temp_folder.h"

#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace aigc;

namespace {

class RowsTest : public testing::Test {
 protected:
  std::string file(const std::string& name, std::string_view bytes) {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  /// Every row as JSON on a line of its own; mistakes as "! " and what was said, without the path.
  std::string read(const std::string& name, std::string_view bytes) {
    return read_all(file(name, bytes));
  }

  static std::string read_all(const std::string& path) {
    std::string all;
    try {
      RowReader reader(path);
      for (;;) {
        try {
          const auto row = reader.next();
          if (!row) return all;
          all += json_text(row->value.get()) + "\n";
        } catch (const Error& error) {
          EXPECT_NE(error.remedy, "") << error.what();
          all += "! " + without(path, error.what()) + "\n";
          if (!reader.can_go_on()) return all;
        }
      }
    } catch (const Error& error) {
      return "! " + without(path, error.what()) + "\n";
    }
  }

  static std::string without(const std::string& path, std::string text) {
    EXPECT_TRUE(text.starts_with(path)) << text;
    text.erase(0, path.size());
    return text.starts_with(": ") ? text.substr(2) : text;
  }

  TempFolder folder;
};

} // namespace

TEST_F(RowsTest, TheNameSaysTheFormat) {
  EXPECT_EQ(list_format_of("a.json"), ListFormat::json);
  EXPECT_EQ(list_format_of("a.jsonl"), ListFormat::jsonl);
  EXPECT_EQ(list_format_of("a.ndjson"), ListFormat::jsonl);
  EXPECT_EQ(list_format_of("a.csv"), ListFormat::csv);
  EXPECT_EQ(list_format_of("a.tsv"), ListFormat::csv);
  EXPECT_EQ(list_format_of("POSTS.CSV"), ListFormat::csv);
  EXPECT_EQ(list_format_of("A.Json"), ListFormat::json);
  EXPECT_EQ(list_format_of("a"), ListFormat::txt);
}

TEST_F(RowsTest, TextIsASentenceALine) {
  EXPECT_EQ(read("a.txt", "\xEF\xBB\xBF"
                          "一只猫\r\n\n  \n#2 dog\rlast"),
            "{\"script\":\"一只猫\"}\n{\"script\":\"#2 dog\"}\n{\"script\":\"last\"}\n");
  EXPECT_EQ(read("empty.txt", ""), "");
  EXPECT_EQ(read("blank.txt", "\n \n"), "");
}

TEST_F(RowsTest, DefaultsStandAtTheTop) {
  EXPECT_EQ(read("a.txt", "#: style = ink \n#: seed=7\nfox\n"),
            "{\"script\":\"fox\",\"style\":\"ink\",\"seed\":\"7\"}\n");
  EXPECT_EQ(read("a.csv",
                 "#: style=a=b,,\n\"#: mood=dark, \"\"wet\"\"\",,\nscript,style\nfox,\ncat,oil\n"),
            "{\"script\":\"fox\",\"style\":\"a=b\",\"mood\":\"dark, \\\"wet\\\"\"}\n"
            "{\"script\":\"cat\",\"style\":\"oil\",\"mood\":\"dark, \\\"wet\\\"\"}\n");
  EXPECT_EQ(read("a.jsonl", "\n{\"defaults\":{\"look-group\":\"x\",\"seed\":7}}\n\"fox\"\n"
                            "{\"look_group\":\"y\",\"seed\":null}\n"),
            "{\"script\":\"fox\",\"look-group\":\"x\",\"seed\":7}\n"
            "{\"look_group\":\"y\",\"seed\":null}\n");
  EXPECT_EQ(read("a.json", R"({"name":"n","defaults":{"seed":7},"shots":["fox",{"seed":8}]})"),
            "{\"script\":\"fox\",\"seed\":7}\n{\"seed\":8}\n");
  EXPECT_EQ(read("b.txt", "fox\n#: style=ink\n"),
            "{\"script\":\"fox\"}\n! row 2 (line 2): a default stands below the first row\n");
  EXPECT_EQ(read("c.txt", "#: style\nfox\n"), "! the default \"style\" has no value\n");
  EXPECT_EQ(read("b.csv", "script\nfox\n#: style=ink\n"),
            "{\"script\":\"fox\"}\n! row 2 (line 3): a default stands below the header\n");
  EXPECT_EQ(read("b.json", R"({"defaults":7,"rows":[]})"), "! defaults must be an object\n");
  EXPECT_EQ(read("c.json", R"({"rows":["a"],"defaults":{}})"),
            "{\"script\":\"a\"}\n! not valid JSON: defaults stand behind the rows: write them in "
            "front in line 1, column 26\n");
}

TEST_F(RowsTest, CsvIsWhatSpreadsheetsWrite) {
  const std::string both = "{\"script\":\"fox\",\"seed\":\"7\"}\n{\"script\":\"cat\"}\n";
  EXPECT_EQ(read("comma.csv", "script,seed\nfox,7\ncat,\n"), both);
  EXPECT_EQ(read("bom.csv", "\xEF\xBB\xBFscript;seed\r\nfox;7\r\ncat;\r\n"), both);
  EXPECT_EQ(read("tab.csv", "script\tseed\rfox\t7\rcat\t"), both);
  EXPECT_EQ(read("sep.csv", "sep=|\r\nscript|seed\r\nfox|7\r\ncat|\r\n"), both);
  EXPECT_EQ(read("rows.csv", "script,seed,,\n\nfox,7,,\n,,,\ncat,,,\n,,,\n,,,\n"), both);
  EXPECT_EQ(read("quotes.csv", "\"script\",\" seed \"\n\"fox\" ,\"7\"\n\"cat\",\n"), both);
  EXPECT_EQ(read("in.csv", "script,mood\n\"a, b\n\"\"c\"\"\r\nd\",\"\"\n5\" wide,x\"y\"\n"),
            "{\"script\":\"a, b\\n\\\"c\\\"\\r\\nd\"}\n"
            "{\"script\":\"5\\\" wide\",\"mood\":\"x\\\"y\\\"\"}\n");
  EXPECT_EQ(read("header.csv", "script,seed\n"), "");
  EXPECT_EQ(read("one.csv", "script\nfox; bear\n"), "{\"script\":\"fox; bear\"}\n");
}

TEST_F(RowsTest, CsvMistakesNameTheirRowAndTheNextRowsGoOn) {
  EXPECT_EQ(read("wide.csv", "script,seed\nfox, bear,7\ncat,\nx\ny,8\n"),
            "! row 1 (line 2): it has 3 fields, the header 2\n{\"script\":\"cat\"}\n"
            "! row 3 (line 4): it has 1 fields, the header 2\n{\"script\":\"y\",\"seed\":\"8\"}\n");
  EXPECT_EQ(read("twice.csv", "script,seed,script\nfox,7,x\n"),
            "! the header names script twice\n");
  EXPECT_EQ(read("none.csv", ",,\nfox,7,x\n"), "! the header has no names\n");
  EXPECT_EQ(read("gap.csv", "script,,seed\nfox,,7\ncat,note,7\n"),
            "{\"script\":\"fox\",\"seed\":\"7\"}\n"
            "! row 2 (line 3): column 2, which has no name, holds \"note\"\n");
  EXPECT_EQ(read("open.csv", "script,seed\nfox,7\n\"cat\n\ndog,8\n\nbear,9\n"),
            "{\"script\":\"fox\",\"seed\":\"7\"}\n"
            "! row 2 (line 3): a quoted field that begins in line 3, column 1 has no end\n");
  EXPECT_EQ(read("tail.csv", "script,seed\n\"fox\"x,7\ncat,8\n"),
            "! row 1 (line 2): text follows a quoted field that begins in line 2, column 1\n"
            "{\"script\":\"cat\",\"seed\":\"8\"}\n");
  EXPECT_EQ(read("latin.csv", "script,mood\nfox,tr\xfc"
                              "b\ncat,x\n"),
            "! row 1 (line 2): mood is not valid UTF-8 at byte 2\n"
            "{\"script\":\"cat\",\"mood\":\"x\"}\n");
  EXPECT_EQ(read("header.csv", "script,m\xfcsli\nfox,x\n"),
            "! the header is not valid UTF-8 at byte 1\n");
}

TEST_F(RowsTest, JsonComesInPieces) {
  EXPECT_EQ(read("a.json", " [\n\"a\" , {\"script\":\"[{\\\"]\",\"x\":{\"y\":[1,2]}},\"\\\\\"]\n"),
            "{\"script\":\"a\"}\n{\"script\":\"[{\\\"]\",\"x\":{\"y\":[1,2]}}\n"
            "{\"script\":\"\\\\\"}\n");
  EXPECT_EQ(read("b.json", "\xEF\xBB\xBF{\"a\":[1,{}],\"rows\":[{}],\"z\":{\"shots\":[]}}"),
            "{}\n");
  EXPECT_EQ(read("c.json", "[]"), "");
  for (const char* none : {"7", "\"a\"", "{}", R"({"a":[]})", ""})
    EXPECT_EQ(read("d.json", none), "! the JSON holds no list of rows\n") << none;
}

TEST_F(RowsTest, JsonMistakesHaveLineAndColumnOfTheFile) {
  const auto said = [&](std::string_view text) { return read("x.json", text); };
  const std::string first = "{\"script\":\"a\"}\n";
  EXPECT_EQ(said("[\"a\",\n  {\"é\" 1}, \"b\"]"),
            first + "! row 2 (line 2): not valid JSON: a colon is missing in line 2, column 8\n"
                    "{\"script\":\"b\"}\n");
  EXPECT_EQ(said("[\"a\",\n  {\"script\": \"b},\n  \"c\"]"),
            first +
                "! row 2 (line 2): not valid JSON: a string without an end in line 2, column 14\n");
  EXPECT_EQ(said("[\"a\"\n \"b\"]"),
            first + "! not valid JSON: a comma is missing in line 2, column 2\n");
  EXPECT_EQ(said("[\"a\",]"),
            first + "! row 2 (line 1): not valid JSON: an unexpected ] in line 1, column 6\n");
  EXPECT_EQ(said("[\"a\""), first + "! not valid JSON: the list has no end in line 1, column 5\n");
  EXPECT_EQ(said("[\"a\",{\"b\":["),
            first + "! row 2 (line 1): not valid JSON: a value has no end in line 1, column 12\n");
  EXPECT_EQ(said("[\"a\",{\"b\":[}"),
            first + "! row 2 (line 1): not valid JSON: an unexpected } in line 1, column 12\n");
  EXPECT_EQ(
      said("[\"a\",7,\"b\"]"),
      first + "! row 2 (line 1): a row must be an object or a string, not 7\n{\"script\":\"b\"}\n");
  EXPECT_EQ(said("[\"a\"] x"),
            first +
                "! not valid JSON: more follows after the end of the list in line 1, column 7\n");
  EXPECT_EQ(said("{\"shots\":{}}"),
            "! not valid JSON: shots must be a list in line 1, column 10\n");
  EXPECT_EQ(said("{\"shots\":[\"a\"],\"rows\":[]}"),
            first + "! not valid JSON: there are two lists of rows in line 1, column 23\n");
  EXPECT_EQ(
      said("[\"a\",\n\"caf\xe9\",\"b\"]"),
      first +
          "! row 2 (line 2): JSON is not valid UTF-8 in line 2, column 5\n{\"script\":\"b\"}\n");
  EXPECT_EQ(
      said("[\"a\"," + std::string(100, '[') + "]"),
      first +
          "! row 2 (line 1): not valid JSON: JSON nested deeper than 64 in line 1, column 70\n");
}

TEST_F(RowsTest, JsonLinesGoOnAfterAMistake) {
  EXPECT_EQ(read("a.jsonl", "\"a\"\n\n{oops\n7\n{\"script\":\"b\"}\r\n"),
            "{\"script\":\"a\"}\n"
            "! row 2 (line 3): not valid JSON: an unexpected o in line 3, column 2\n"
            "! row 3 (line 4): a row must be an object or a string, not 7\n{\"script\":\"b\"}\n");
}

TEST_F(RowsTest, OtherEncodingsAreNamed) {
  const std::string wide("f\0o\0x\0\n\0", 8);
  for (const char* name : {"a.txt", "a.csv", "a.json", "a.jsonl"}) {
    EXPECT_EQ(read(name, "\xff\xfe" + wide), "! the list is UTF-16\n") << name;
    EXPECT_EQ(read(name, wide), "! the list is UTF-16\n") << name;
  }
  EXPECT_EQ(read("b.txt", "a\nb\xff\nc\n"),
            "{\"script\":\"a\"}\n! row 2 (line 2): script is not valid UTF-8 at byte 1\n"
            "{\"script\":\"c\"}\n");
  EXPECT_EQ(read("c.txt", std::string("a\0b", 3)),
            "! row 1 (line 1): script holds a NUL character\n");
}

TEST_F(RowsTest, WhatIsNoListIsRefusedAtOnce) {
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(read_all(folder.path() + "/none.txt"), "!  does not exist\n");
  EXPECT_EQ(read_all(folder.path()), "!  is a folder, not a file\n");
  EXPECT_EQ(read_all("/dev/zero"), "!  is a device, not a file\n");
  const std::string pipe = folder.path() + "/pipe.csv";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_all(pipe), "!  is a pipe, not a file\n");
  const std::string sparse = file("sparse.json", "[");
  ASSERT_EQ(truncate(sparse.c_str(), 2LL << 30), 0);
  EXPECT_EQ(read_all(sparse), "!  is 2147483648 bytes long\n");
  const std::string closed = file("closed.txt", "a");
  chmod(closed.c_str(), 0);
  if (geteuid() != 0) {
    EXPECT_EQ(read_all(closed), "!  cannot be read: Permission denied\n");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
}

TEST_F(RowsTest, ALineTooLongIsPassed) {
  EXPECT_EQ(read("a.txt", "a\n" + std::string(kMaxJsonBytes + 1, 'x') + "\nb\n"),
            "{\"script\":\"a\"}\n! row 2 (line 2): a line of more than 8388608 bytes\n"
            "{\"script\":\"b\"}\n");
}

TEST_F(RowsTest, MarksLeadBackToTheirRows) {
  const std::pair<const char*, const char*> lists[] = {
      {"a.txt", "#: seed=1\na\n\nb\nc\n"},
      {"a.csv", "#: seed=1\nscript,mood\n\"a\n\",\n,\nb,\nc,\n"},
      {"a.json", "{\"defaults\":{\"seed\":1},\"shots\":[ \"a\",\n \"b\" , {\"script\":\"c\"}]}"},
      {"a.jsonl", "{\"defaults\":{\"seed\":1}}\n\"a\"\n\n\"b\"\n\"c\"\n"}};
  for (const auto& [name, text] : lists) {
    SCOPED_TRACE(name);
    RowReader reader(file(name, text));
    std::vector<RowReader::Mark> marks;
    std::vector<std::pair<std::string, std::string>> rows;
    while (const auto row = reader.next()) {
      marks.push_back(reader.mark());
      rows.emplace_back(row->place, json_text(row->value.get()));
      if (marks.size() == 2) { // in the middle of reading
        EXPECT_EQ(json_text(reader.read_at(marks[0]).value.get()), rows[0].second);
        EXPECT_EQ(reader.mark().number, 2u);
      }
    }
    ASSERT_EQ(rows.size(), 3u);
    for (const size_t i : {2u, 0u, 1u}) {
      const Row row = reader.read_at(marks[i]);
      EXPECT_EQ(row.number, i + 1);
      EXPECT_EQ(row.place, rows[i].first);
      EXPECT_EQ(json_text(row.value.get()), rows[i].second);
    }
    reader.rewind();
    EXPECT_EQ(json_text(reader.read_at(marks[2]).value.get()), rows[2].second);
    for (const auto& [place, value] : rows)
      EXPECT_EQ(json_text(reader.next()->value.get()), value);
    EXPECT_FALSE(reader.next());
  }
}

TEST_F(RowsTest, AMarkInAFileThatChangedIsRefused) {
  const std::string path = file("a.txt", "a\nb\n");
  RowReader reader(path);
  reader.next();
  const auto mark = reader.mark();
  file("a.txt", "something else\n");
  EXPECT_THROW(reader.read_at(mark), Error);
  EXPECT_THROW(reader.next(), Error);
}

TEST_F(RowsTest, ReadingCanBeStoppedAndTakenUpAgain) {
  const std::string gap(1 << 20, '\n');
  const std::pair<const char*, std::string> lists[] = {
      {"a.txt", "a" + gap + "b"},
      {"a.csv", "script\na" + gap + "b"},
      {"a.json", "[\"a\"" + gap + "," + gap + "\"b\"]"},
      {"a.jsonl", "\"a\"" + gap + "\"b\""}};
  for (const auto& [name, text] : lists) {
    SCOPED_TRACE(name);
    RowReader reader(file(name, text));
    Cancel stopped;
    stopped.cancel();
    try {
      reader.next(&stopped);
      FAIL() << "went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::cancelled);
    }
    EXPECT_EQ(json_text(reader.next()->value.get()), "{\"script\":\"a\"}");
    EXPECT_THROW(reader.next(&stopped), Error);
    EXPECT_TRUE(reader.can_go_on());
    const auto second = reader.next();
    EXPECT_EQ(json_text(second->value.get()), "{\"script\":\"b\"}");
    EXPECT_EQ(second->number, 2u);
    EXPECT_FALSE(reader.next());
  }
}

TEST_F(RowsTest, AHundredThousandRowsTakeNoMemory) {
  constexpr int kRows = 100'000;
  const std::string words = "a fox in the snow, number ";
  const std::string head[] = {"", "script,mood\n", "[\n", ""};
  const char* names[] = {"a.txt", "a.csv", "a.json", "a.jsonl"};
  for (size_t i = 0; i < 4; ++i) {
    SCOPED_TRACE(names[i]);
    const std::string path = folder.path() + "/" + names[i];
    {
      std::ofstream list(path);
      list << head[i];
      for (int row = 0; row < kRows; ++row) {
        const std::string text = words + std::to_string(row);
        if (i == 0) list << text << "\n";
        if (i == 1) list << "\"" << text << "\",calm\n";
        if (i == 2) list << (row ? ",\n" : "") << "{\"script\":\"" << text << "\"}";
        if (i == 3) list << "{\"script\":\"" << text << "\"}\n";
      }
      if (i == 2) list << "]";
    }
    RowReader reader(path);
    forget_peak();
    [[maybe_unused]] const long before = peak_kib();
    size_t rows = 0;
    while (reader.next())
      ++rows;
    EXPECT_EQ(rows, static_cast<size_t>(kRows));
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    EXPECT_LT(peak_kib() - before, 1024);
#endif
  }
}
