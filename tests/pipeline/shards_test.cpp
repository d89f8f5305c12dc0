// SPDX-License-Identifier: LGPL-2.1-or-later
// Several processes that share one batch, its folder of files and its store: nothing is lost or
// paid for twice, also when one of them is killed.
#include "batch_rig.h"
#include "store/ledger.h"

#include <csignal>
#include <map>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

class Shards : public PaidBatch {
 protected:
  static constexpr size_t kShards = 4;

  /// Two rows that want the same picture come first, in two shards.
  void write_rows(size_t others) {
    std::string rows = "out,prompt\na.png,同一片湖\nb.png,同一片湖\n";
    for (size_t i = 3; i < 3 + others; ++i)
      rows += std::to_string(i) + ".png," + words(i) + "\n";
    write("rows.csv", rows);
  }
  static std::string words(size_t row) { return "湖边第" + std::to_string(row) + "棵树"; }

  Program start_shard(const std::string& shard, const std::string& report = "r.json") const {
    return start({"batch", "post", "rows.csv", "out-dir=out", "width=512", "height=512", "--jobs=2",
                  "--shard=" + shard, "--report=" + report},
                 "AIGC_JOBS");
  }

  /// Whether the stand-in took the order of the row's picture.
  bool is_ordered(size_t row) const { return paid("image").contains(words(row)); }

  /// How often the picture, or the words, of each row were paid for.
  std::map<std::string, int> paid(const std::string& route) const {
    const auto tree = server.billed();
    const JsonView calls = JsonView(tree.get())["generations"];
    std::map<std::string, int> times;
    for (size_t i = 0; i < calls.size(); ++i) {
      if (!calls.at(i)["route"].text().starts_with(route)) continue;
      const std::string prompt = calls.at(i)["prompt"].text();
      const size_t begin = prompt.find("湖边第");
      const size_t end = prompt.find("棵树");
      ++times[begin == prompt.npos ? "同一片湖" : prompt.substr(begin, end + 6 - begin)];
    }
    return times;
  }
  void expect_all_paid_once(size_t results) const {
    for (const char* route : {"image", "chat"}) {
      const auto times = paid(route);
      EXPECT_EQ(times.size(), results) << route;
      for (const auto& [words, count] : times)
        EXPECT_EQ(count, 1) << route << ": " << words;
    }
    std::set<std::string> calls;
    const auto lines = Ledger(store()).lines();
    for (const auto& line : lines) {
      EXPECT_TRUE(calls.insert(line.call).second) << line.call << " is there twice";
      EXPECT_FALSE(line.unclear) << line.model;
    }
    EXPECT_EQ(lines.size(), 2 * results);
    for (const char* part : {"journal", "locks", "tmp"})
      EXPECT_TRUE(fs::is_empty(store() + "/" + part)) << part;
  }

  /// Each is whole, and nothing lies beside them.
  void expect_files(size_t count) const {
    size_t found = 0;
    for (const auto& entry : fs::directory_iterator(folder / "out")) {
      if (entry.path().filename() == ".aigc-batch") continue;
      ++found;
      const std::string bytes = read("out/" + entry.path().filename().string());
      EXPECT_TRUE(bytes.starts_with("\x89PNG")) << entry.path();
      EXPECT_TRUE(
          bytes.substr(bytes.size() - std::min<size_t>(bytes.size(), 8)).starts_with("IEND"))
          << entry.path();
    }
    EXPECT_EQ(found, count);
  }

  static std::string store() { return g_getenv("AIGC_CACHE_DIR"); }
};

} // namespace

TEST_F(Shards, OneOfFourIsKilledAndRunAgain) {
  write_rows(12);
  server.configure(R"({"image": {"seconds": 1.5}})");
  std::vector<std::unique_ptr<Program>> shards;
  for (size_t i = 0; i < kShards; ++i)
    shards.emplace_back(
        new Program(start_shard(std::to_string(i) + "/4", "r" + std::to_string(i) + ".json")));
  await([&] { return is_ordered(3) && is_ordered(7); }); // both that shard 2 works on
  shards[2]->signal(SIGKILL);
  EXPECT_EQ(shards[2]->wait().status, -1);
  EXPECT_FALSE(fs::exists(folder / "r2.json"));
  EXPECT_FALSE(fs::is_empty(store() + "/journal"));
  shards[2].reset(new Program(start_shard("2/4", "r2.json")));

  std::map<size_t, std::string> rows; // by number
  for (size_t i = 0; i < kShards; ++i) {
    const Outcome run = shards[i]->wait();
    EXPECT_EQ(run.status, 0) << run.err;
    const auto tree = parse_json(read("r" + std::to_string(i) + ".json"));
    const JsonView report(tree.get());
    EXPECT_EQ(report["shard"]["index"].integer(), static_cast<gint64>(i));
    EXPECT_EQ(report["shard"]["count"].integer(), 4);
    for (size_t k = 0; k < report["rows"].size(); ++k) {
      const JsonView row = report["rows"].at(k);
      const auto number = static_cast<size_t>(row["row"].integer().value_or(0));
      EXPECT_EQ((number - 1) % kShards, i);
      EXPECT_TRUE(rows.emplace(number, row["state"].text()).second) << number;
    }
  }
  EXPECT_EQ(rows.size(), 14u);
  for (const auto& [number, state] : rows)
    EXPECT_EQ(state, "made") << number;
  expect_files(14);
  expect_all_paid_once(13);
  const Outcome whole = start_shard("0/1").wait();
  EXPECT_TRUE(has(whole.out, "made 0, skipped 14")) << whole.out << whole.err;
}

TEST_F(Shards, TheSameShardTwiceAtOncePaysOnce) {
  write_rows(4);
  server.configure(R"({"image": {"seconds": 0.3}})");
  Program one = start_shard("0/1", "one.json"), other = start_shard("0/1", "other.json");
  for (Program* program : {&one, &other}) {
    const Outcome run = program->wait();
    EXPECT_EQ(run.status, 0) << run.err;
  }
  expect_files(6);
  expect_all_paid_once(5);
}

TEST_F(Shards, WhatAMachineLeftThatIsGoneIsTakenOverWhenItsLeaseHasRunOut) {
  write_rows(0);
  server.configure(R"({"image": {"seconds": 0.5}})");
  Program lost = start_shard("0/2", "lost.json");
  await([&] { return !paid("image").empty(); });
  lost.signal(SIGKILL);
  lost.wait();
  size_t locks = 0;
  for (const auto& entry : fs::directory_iterator(store() + "/locks")) {
    std::ifstream in(entry.path());
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"\"boot\":\"", "\"boot\":\"x"},
          {"\"lease-ms\":60000", "\"lease-ms\":2000"}}) {
      ASSERT_TRUE(has(text, from)) << text;
      text.replace(text.find(from), from.size(), to);
    }
    std::ofstream(entry.path()) << text;
    ++locks;
  }
  EXPECT_GE(locks, 1u);
  const auto begun = Clock::now();
  const Outcome run = start_shard("0/1").wait(); // its pid says nothing here
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_GE(Clock::now() - begun, 1500ms);
  expect_files(2);
  expect_all_paid_once(1);
}
