// SPDX-License-Identifier: LGPL-2.1-or-later
// The as-run log: fields, two forms, trouble with the disk, crashes.
#include "../clips.h"
#include "base/error.h"
#include "base/json.h"
#include "playout/as_run.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace aigc;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

/// As RFC 4180 has it.
std::vector<std::vector<std::string>> records(const std::string& text) {
  std::vector<std::vector<std::string>> records(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    auto& field = records.back().back();
    if (quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"')
      field += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == ',')
      records.back().push_back("");
    else if (!quoted && text.substr(i, 2) == "\r\n")
      records.push_back({""}), ++i;
    else
      field += text[i];
  }
  EXPECT_FALSE(quoted);
  EXPECT_EQ(records.back(), std::vector<std::string>{""}); // the last ended
  records.pop_back();
  return records;
}

std::string field(const std::string& csv, size_t record, const std::string& name) {
  const auto all = records(csv);
  EXPECT_LT(record, all.size());
  EXPECT_EQ(all[record].size(), all[0].size());
  for (size_t i = 0; i < all[0].size(); ++i)
    if (all[0][i] == name) return all[record][i];
  ADD_FAILURE() << name;
  return {};
}

AsRunEntry entry(const std::string& id = "fox") {
  AsRunEntry entry;
  entry.item.id = id;
  entry.item.uri = "file:///clips/" + id + ".mp4";
  entry.item.shot.id = id;
  entry.item.shot.script = "a fox, \"red\"\nin snow";
  entry.item.shot.prompt = "abc";
  entry.item.shot.language = "en";
  entry.item.shot.brand = "north";
  entry.item.shot.at = "2026-11-29T20:00:00Z";
  entry.item.shot.request = 3;
  Provenance words, video;
  words.stage = "prompt";
  words.cost = 0.01;
  words.currency = video.currency = "CNY";
  video.stage = "video";
  video.service = "dashscope";
  video.model = "wan";
  video.request_id = "r-1";
  video.seed = 42;
  video.cost = 0.2;
  entry.item.shot.provenance = {words, video};
  entry.first_frame = 25 * 3661 + 7;
  entry.frames = 120;
  entry.planned = 125;
  entry.start_utc = 1796000000123999;
  entry.planned_utc = 1796000000000000;
  entry.reason = EndReason::damaged;
  entry.held = 5;
  entry.fault = "pictures are missing";
  return entry;
}

Fault fault_of(AsRunLog& log, const AsRunEntry& entry) {
  try {
    log.add(entry);
  } catch (const Error& error) {
    return error.fault;
  }
  return Fault::cancelled; // none
}

} // namespace

TEST(AsRun, EveryFieldInJson) {
  const clips::TempDir dir;
  AsRunLog(dir / "log.jsonl", Grid{25, 1}).add(entry());
  const std::string text = content(dir / "log.jsonl");
  ASSERT_EQ(lines(text).size(), 1u);
  const auto root = parse_json(text);
  const JsonView view(root.get());
  EXPECT_EQ(view["id"].text(), "fox");
  EXPECT_EQ(view["title"].text(), "a fox, \"red\"\nin snow");
  EXPECT_EQ(view["tier"].text(), "item");
  EXPECT_EQ(view["start"].text(), "2026-11-30T00:53:20.123Z");
  EXPECT_EQ(view["start_frame"].integer(), 25 * 3661 + 7);
  EXPECT_EQ(view["frames"].integer(), 120);
  EXPECT_EQ(view["planned_frames"].integer(), 125);
  EXPECT_EQ(view["timecode"].text(), "01:01:01:07");
  EXPECT_EQ(view["planned_start"].text(), "2026-11-30T00:53:20.000Z");
  EXPECT_EQ(view["end"].text(), "damaged");
  EXPECT_EQ(view["uri"].text(), "file:///clips/fox.mp4");
  EXPECT_EQ(view["service"].text(), "dashscope");
  EXPECT_EQ(view["model"].text(), "wan");
  EXPECT_EQ(view["request_id"].text(), "r-1");
  EXPECT_EQ(view["seed"].integer(), 42);
  EXPECT_NEAR(*view["cost"].number(), 0.21, 1e-9);
  EXPECT_EQ(view["currency"].text(), "CNY");
  EXPECT_TRUE(view["cache_hit"].exists());
  EXPECT_TRUE(view["preview"].exists());
  EXPECT_EQ(view["language"].text(), "en");
  EXPECT_EQ(view["brand"].text(), "north");
  EXPECT_EQ(view["at"].text(), "2026-11-29T20:00:00Z");
  EXPECT_EQ(view["request"].integer(), 3);
  EXPECT_EQ(view["held"].integer(), 5);
  EXPECT_EQ(view["fault"].text(), "pictures are missing");
  EXPECT_EQ(view["prompt_sha256"].text(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_FALSE(view["continued"].boolean(true));
  EXPECT_EQ(view.members().size(), 27u);
}

TEST(AsRun, EveryFieldIsInTheDocuments) {
  const clips::TempDir dir;
  AsRunLog(dir / "log.csv", Grid{25, 1}).add(entry());
  const std::string document = content(std::string(g_getenv("AIGC_DOCS")) + "/playout.md");
  const auto heading = records(content(dir / "log.csv"))[0];
  for (const std::string& name : heading)
    EXPECT_NE(document.find("| `" + name + "` |"), std::string::npos) << name;
}

TEST(AsRun, WhatIsNotKnownIsLeftOut) {
  const clips::TempDir dir;
  AsRunLog log(dir / "log", Grid{25, 1});
  AsRunEntry slate;
  slate.tier = Tier::slate;
  slate.frames = 10;
  slate.start_utc = 1796000000000000;
  log.add(slate);
  const auto root = parse_json(content(dir / "log.jsonl"));
  EXPECT_EQ(JsonView(root.get()).members(),
            (std::vector<std::string>{"tier", "start", "start_frame", "frames", "planned_frames",
                                      "timecode", "end", "held", "continued"}));
  const std::string csv = content(dir / "log.csv");
  EXPECT_EQ(field(csv, 1, "id"), "");
  EXPECT_EQ(field(csv, 1, "tier"), "slate");
}

TEST(AsRun, AClipAiredAgainCostsNothing) {
  const clips::TempDir dir;
  AsRunLog log(dir / "log.csv", Grid{25, 1});
  auto again = entry();
  again.tier = again.item.tier = Tier::reair;
  log.add(again);
  EXPECT_EQ(field(content(dir / "log.csv"), 1, "cost"), "0");
  auto rest = entry();
  rest.continued = true;
  log.add(rest);
  EXPECT_EQ(field(content(dir / "log.csv"), 2, "cost"), "0");
  EXPECT_EQ(field(content(dir / "log.csv"), 2, "continued"), "true");
  EXPECT_EQ(field(content(dir / "log.csv"), 1, "model"), "wan");
}

TEST(AsRun, CsvHasItsHeadingOnceAlsoAfterARestart) {
  const clips::TempDir dir;
  for (int run = 0; run < 2; ++run) {
    AsRunLog log(dir / "log.csv", Grid{25, 1});
    log.add(entry("a"));
    log.add(entry("b"));
  }
  const std::string csv = content(dir / "log.csv");
  ASSERT_EQ(records(csv).size(), 5u);
  EXPECT_EQ(field(csv, 1, "title"), "a fox, \"red\" in snow");
  EXPECT_EQ(field(csv, 4, "id"), "b");
  EXPECT_EQ(field(csv, 4, "seed"), "42");
  EXPECT_EQ(field(csv, 4, "cost"), "0.21");
  EXPECT_EQ(field(csv, 4, "cache_hit"), "false");
}

TEST(AsRun, NoTextBecomesAFormula) {
  const clips::TempDir dir;
  AsRunLog log(dir / "log", Grid{25, 1});
  for (const char* title : {"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1,2)", "\t=1", "1-1"}) {
    auto one = entry();
    one.item.shot.script = title;
    log.add(one);
  }
  const std::string csv = content(dir / "log.csv");
  EXPECT_EQ(field(csv, 1, "title"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(field(csv, 2, "title"), "'+1");
  EXPECT_EQ(field(csv, 3, "title"), "'-1");
  EXPECT_EQ(field(csv, 4, "title"), "'@SUM(1,2)");
  EXPECT_EQ(field(csv, 5, "title"), "' =1");
  EXPECT_EQ(field(csv, 6, "title"), "1-1");
  const auto first = parse_json(lines(content(dir / "log.jsonl"))[0]);
  EXPECT_EQ(JsonView(first.get())["title"].text(), "=cmd|' /C calc'!A0");
}

TEST(AsRun, BytesThatAreNoTextDoNotBreakALine) {
  const clips::TempDir dir;
  auto one = entry();
  one.item.uri = "caf\xe9";
  AsRunLog(dir / "log.jsonl", Grid{25, 1}).add(one);
  EXPECT_NO_THROW(parse_json(content(dir / "log.jsonl")));
}

TEST(AsRun, ALineTornByACrashIsEnded) {
  const clips::TempDir dir;
  AsRunLog log(dir / "log", Grid{25, 1});
  log.add(entry("a"));
  const std::string json = content(dir / "log.jsonl"), csv = content(dir / "log.csv");
  put(dir / "log.jsonl", json + json.substr(0, json.size() / 2));
  const std::string row = csv.substr(csv.find("\r\n") + 2);
  for (const size_t cut : {row.find("red"), row.size() / 2, row.size() - 1}) {
    put(dir / "log.csv", csv + row.substr(0, cut));
    AsRunLog(dir / "log.csv", Grid{25, 1}).add(entry("b"));
    const auto all = records(content(dir / "log.csv"));
    ASSERT_EQ(all.size(), 4u) << cut;
    EXPECT_EQ(all[3][0], "b");
  }
  AsRunLog(dir / "log.jsonl", Grid{25, 1}).add(entry("b"));
  const auto all = lines(content(dir / "log.jsonl"));
  ASSERT_EQ(all.size(), 3u);
  const auto last = parse_json(all[2]);
  EXPECT_EQ(JsonView(last.get())["id"].text(), "b");
}

TEST(AsRun, AHeadingTornByACrashIsFinished) {
  const clips::TempDir dir;
  AsRunLog(dir / "whole.csv", Grid{25, 1}).add(entry());
  const std::string whole = content(dir / "whole.csv");
  put(dir / "log.csv", whole.substr(0, 17));
  AsRunLog(dir / "log.csv", Grid{25, 1}).add(entry());
  EXPECT_EQ(content(dir / "log.csv"), whole);
}

TEST(AsRun, AFileOfOtherColumnsIsLeftAlone) {
  const clips::TempDir dir;
  put(dir / "log.csv", "name,age\r\nAda,36\r\n");
  AsRunLog log(dir / "log.csv", Grid{25, 1});
  EXPECT_EQ(fault_of(log, entry("a")), Fault::write);
  EXPECT_EQ(content(dir / "log.csv"), "name,age\r\nAda,36\r\n");
  std::filesystem::rename(dir / "log.csv", dir / "other.csv");
  log.add(entry("b"));
  EXPECT_EQ(records(content(dir / "log.csv")).size(), 3u);
}

TEST(AsRun, AFullDiskIsSaidOnceAndMadeUpFor) {
  const clips::TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir / "log.jsonl");
  AsRunLog log(dir / "log.jsonl", Grid{25, 1});
  EXPECT_EQ(fault_of(log, entry("a")), Fault::write);
  EXPECT_EQ(fault_of(log, entry("b")), Fault::cancelled);
  std::filesystem::remove(dir / "log.jsonl");
  log.add(entry("c"));
  const auto all = lines(content(dir / "log.jsonl"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].substr(0, 9), "{\"id\":\"a\"");
  std::filesystem::remove(dir / "log.jsonl");
  std::filesystem::create_symlink("/dev/full", dir / "log.jsonl");
  EXPECT_EQ(fault_of(log, entry("d")), Fault::write); // another trouble
}

/// The disk takes a part of a line only.
TEST(AsRun, HalfALineIsTakenBack) {
  const clips::TempDir dir;
  AsRunLog log(dir / "log.jsonl", Grid{25, 1});
  log.add(entry("a"));
  const std::string before = content(dir / "log.jsonl");
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{static_cast<rlim_t>(before.size() + 20), old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  const Fault fault = fault_of(log, entry("b"));
  const std::string after = content(dir / "log.jsonl");
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(fault, Fault::write);
  EXPECT_EQ(after, before);
  log.add(entry("c"));
  EXPECT_EQ(lines(content(dir / "log.jsonl")).size(), 3u);
}

TEST(AsRun, TheOldestAreLostWhenTooManyWait) {
  const clips::TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir / "log.jsonl");
  AsRunLog log(dir / "log.jsonl", Grid{25, 1});
  for (size_t i = 0; i < AsRunLog::kMaxKept + 5; ++i)
    fault_of(log, entry(std::to_string(i)));
  std::filesystem::remove(dir / "log.jsonl");
  log.add(entry("last"));
  const auto all = lines(content(dir / "log.jsonl"));
  ASSERT_EQ(all.size(), AsRunLog::kMaxKept);
  EXPECT_EQ(all[0].substr(0, 9), "{\"id\":\"6\"");
}

TEST(AsRun, NothingIsOpenedBeforeTheFirstEntry) {
  const clips::TempDir dir;
  AsRunLog log(dir / "absent/log", Grid{25, 1});
  EXPECT_FALSE(std::filesystem::exists(dir / "absent"));
  EXPECT_EQ(fault_of(log, entry()), Fault::write);
}

TEST(Timecode, FollowsTheFramesAndTheClock) {
  EXPECT_EQ(timecode(0, {25, 1}), "00:00:00:00");
  EXPECT_EQ(timecode(24, {25, 1}), "00:00:00:24");
  EXPECT_EQ(timecode(25 * 86400 - 1, {25, 1}), "23:59:59:24");
  EXPECT_EQ(timecode(25 * 86400, {25, 1}), "00:00:00:00");
  EXPECT_EQ(timecode(60, {24000, 1001}), "00:00:02:12");
  // 29.97: 2 numbers are dropped at each minute but the tenth.
  EXPECT_EQ(timecode(1799, {30000, 1001}), "00:00:59;29");
  EXPECT_EQ(timecode(1800, {30000, 1001}), "00:01:00;02");
  EXPECT_EQ(timecode(17981, {30000, 1001}), "00:09:59;29");
  EXPECT_EQ(timecode(17982, {30000, 1001}), "00:10:00;00");
  EXPECT_EQ(timecode(107892, {30000, 1001}), "01:00:00;00");
  EXPECT_EQ(timecode(3600, {60000, 1001}), "00:01:00;04");
  EXPECT_EQ(timecode(3, {25, 2}), "00:00:00:03");
}
