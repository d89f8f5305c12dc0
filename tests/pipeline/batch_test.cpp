// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc batch as a user calls it: what it makes, skips, refuses, remembers and pays.
#include "batch_display.h"
#include "batch_rig.h"
#include "batch_shard.h"

#include <csignal>
#include <sstream>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_F(Batch, MakesAFileForEachRowAndLaterOnlyWhatIsMissing) {
  write("rows.csv", "prompt,out,width\nlake,a.png,\nship,,32\n\"tea, \"\"hot\"\"\",c.png,\n");
  const Outcome first = batch({"dot", "rows.csv", "out-dir=new/out", "--report", "r.json"});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(made("new/out"), (std::set<std::string>{"a.png", "0002.png", "c.png"}));
  EXPECT_TRUE(has(first.out, "made 3, skipped 0, failed 0")) << first.out;
  EXPECT_TRUE(has(first.out, "    2  new/out/0002.png  made")) << first.out;
  EXPECT_EQ(states(report()), "made made made");
  EXPECT_EQ(report()["totals"]["made"].integer(), 3);
  EXPECT_TRUE(fs::exists(folder / "new/out/.aigc-batch/a.png.json"));

  const auto a = time_of("new/out/a.png");
  EXPECT_TRUE(has(batch({"dot", "rows.csv", "out-dir=new/out"}).out, "made 0, skipped 3"));

  fs::remove(folder / "new/out/c.png");
  write("rows.csv", "prompt,out,width\nlake,a.png,\nship,,33\n\"tea, \"\"hot\"\"\",c.png,\n");
  const Outcome third = batch({"dot", "rows.csv", "out-dir=new/out", "--report=r.json"});
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_EQ(states(report()), "skipped made made");
  EXPECT_EQ(time_of("new/out/a.png"), a);
}

TEST_F(Batch, TakesWhatSpreadsheetsWrite) {
  write("rows.csv", "\xEF\xBB\xBFout;prompt\r\na.png;lake\r\n\"b.png\";\"ship; at sea\"\r\n;\r\n");
  EXPECT_EQ(batch({"dot", "rows.csv"}).status, 0);
  EXPECT_EQ(made(), (std::set<std::string>{"a.png", "b.png", "rows.csv"}));
}

TEST_F(Batch, AFileThatIsReadCountsByWhatIsInIt) {
  write("look", "one");
  write("rows.txt", "lake\nship\n");
  EXPECT_EQ(batch({"dot", "rows.txt", "look=look"}).status, 0);
  EXPECT_TRUE(has(batch({"dot", "rows.txt", "look=look"}).out, "skipped 2"));
  write("look", "two");
  EXPECT_TRUE(has(batch({"dot", "rows.txt", "look=look"}).out, "made 2"));
}

TEST_F(Batch, FilesCountFromTheFolderOfTheListThatNamesThem) {
  fs::create_directory(folder / "list");
  write("list/look", "one");
  write("list/rows.csv", "prompt,look\nlake,look\n");
  EXPECT_EQ(batch({"dot", "list/rows.csv"}).status, 0);
  write("list/rows.csv", "prompt,look:zh,languages\nlake,look,zh\n");
  EXPECT_EQ(batch({"dot", "list/rows.csv"}).status, 0);
  const std::string whole = std::string(g_getenv("AIGC_TEST_JOBS")) + "/dot.launch";
  write("list/rows.csv", "prompt,look\nlake," + whole + "\n");
  EXPECT_EQ(batch({"dot", "list/rows.csv"}).status, 0);
  // On the command line it counts from where one is.
  write("list/rows.csv", "prompt\nlake\n");
  EXPECT_EQ(batch({"dot", "list/rows.csv", "look=look"}).status, 2);
  EXPECT_EQ(batch({"dot", "list/rows.csv", "look=list/look"}).status, 0);
}

TEST_F(Batch, ARowsOwnValueWins) {
  write("rows.jsonl",
        "{\"id\": \"x\", \"prompt\": \"lake\"}\n{\"width\": 48, \"prompt\": \"b\"}\n");
  const Outcome run = batch({"dot", "rows.jsonl", "width=24"});
  EXPECT_EQ(run.status, 0) << run.err;
  const auto size = [this](const std::string& name) { return shell("file " + name).out; };
  EXPECT_TRUE(has(size("x.png"), "24 x 16")) << size("x.png");
  EXPECT_TRUE(has(size("0002.png"), "48 x 16")) << size("0002.png");
}

TEST_F(Batch, ABadRowStartsNothingAndIsNamed) {
  const struct {
    std::string csv;
    Names words;
    Names said;
  } cases[] = {
      {"prompt,out\nlake,a.png\n,b.png\n", {}, {"rows.csv: row 2 (line 3)", "dot needs prompt"}},
      {"prompt,out\nlake\n", {}, {"row 1 (line 2)"}},
      {"", {}, {"rows.csv: there is no row"}},
      {"prompt,widht\nlake,16\n", {}, {"row 1 (line 2)", "did you mean width?"}},
      {"prompt,width\nlake,16\nship,15\n", {}, {"row 2 (line 3)", "width=15: out of range"}},
      {"prompt,out\nlake,a.png\nship,./a.png\n", {}, {"row 2", "is that of row 1 too"}},
      {"prompt,id\nlake,a\nship,a\n", {}, {"row 2", "id=a is that of row 1 too"}},
      {"prompt,out\nlake,a.mp4\n", {}, {"row 1", "out=a.mp4", "ends in .png"}},
      {"prompt,languages\nlake,\"zh,xx\"\n", {}, {"row 1", "'xx' is no language"}},
      {"prompt,languages\nlake,\"zh,zh\"\n", {}, {"row 1", "zh is there twice"}},
      {"prompt,title:zh,languages\nlake,a,en\n", {}, {"title: has no words in en"}},
      {"prompt,title:zh\nlake,a\n", {}, {"title: has words for several languages"}},
      {"prompt,look\nlake,none\n", {}, {"look=none: there is no such file"}},
      {"prompt,out\nlake,no/a.png\n", {}, {"there is no folder"}},
      {"prompt,max-cost\nlake,1\n", {}, {"row 1", "max-cost counts over all rows"}},
      {"prompt\nlake\n", {"out=a.png"}, {"out is one file"}},
      {"prompt\nlake\n", {"--jobs=0"}, {"--jobs=0"}},
      {"prompt\nlake\n", {"--shard=3/3"}, {"there is no shard 3/3"}},
      {"prompt\nlake\n", {"--report=no/r.json"}, {"--report=no/r.json: cannot be written"}},
  };
  for (const auto& [csv, words, said] : cases) {
    write("rows.csv", csv);
    Names all{"dot", "rows.csv"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome run = batch(all);
    EXPECT_EQ(run.status, 2) << csv << run.err;
    for (const auto& part : said)
      EXPECT_TRUE(has(run.err, part)) << part << " in " << run.err;
    EXPECT_TRUE(run.err.starts_with("error: ")) << run.err;
    EXPECT_EQ(made(), std::set<std::string>{"rows.csv"});
  }
  fs::create_directory(folder / "a.png"); // nothing can be made of that name
  write("rows.csv", "prompt,out\nlake,a.png\nship,b.png\n");
  EXPECT_EQ(batch({"dot", "rows.csv"}).status, 1);
  EXPECT_EQ(made(), (std::set<std::string>{"a.png", "b.png", "rows.csv"}));
  EXPECT_EQ(batch({"dot"}).status, 2);
  EXPECT_EQ(batch({"dot", "none.csv"}).status, 2);
}

TEST_F(Batch, SkippingBadRowsMakesTheRestAndSaysSo) {
  write("rows.csv", "prompt,out,width\nlake,a.png,\nship,b.png,1\ntea,c.png,\n");
  const Outcome run = batch({"dot", "rows.csv", "on-error=skip", "--report=r.json"});
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_TRUE(has(run.err, "failed: rows.csv: row 2 (line 3): width=1: out of range")) << run.err;
  EXPECT_EQ(made(), (std::set<std::string>{"a.png", "c.png", "r.json", "rows.csv"}));
  EXPECT_EQ(report()["totals"]["failed"].integer(), 1);
}

TEST_F(Batch, AFailedRowStopsNoOtherAndIsRetried) {
  write("rows.csv", "prompt,frames\nlake,1\nship,0\ntea,1\n");
  const Outcome run = batch({"dot", "rows.csv", "--report=r.json"});
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(states(report()), "made failed made");
  EXPECT_TRUE(has(run.err, "failed: row 2 (line 3), 0002.png: ")) << run.err;
  EXPECT_TRUE(has(run.out, "0002.png  failed")) << run.out;

  fs::remove(folder / "0003.png");
  write("rows.csv", "prompt,frames\nlake,1\nship,1\ntea,1\n");
  EXPECT_EQ(batch({"dot", "rows.csv", "--retry-failed", "--report=r.json"}).status, 0);
  EXPECT_EQ(states(report()), "skipped made skipped");
  EXPECT_EQ(batch({"dot", "rows.csv", "--report=r.json"}).status, 0);
  EXPECT_EQ(states(report()), "skipped skipped made");
}

TEST_F(Batch, LanguagesMakeAFileEach) {
  write("rows.csv", "prompt,out,title,title:zh,languages\nlake,a.png,Lake,湖,\"zh,en\"\n"
                    "ship,b.png,Ship,船,\n");
  const Outcome run = batch({"dot", "rows.csv", "--json", "language=zh"});
  EXPECT_EQ(run.status, 0) << run.out;
  EXPECT_EQ(made(), (std::set<std::string>{"a.en.png", "a.zh.png", "b.png", "rows.csv"}));
  // Another title in one language makes that file anew, and no other.
  write("rows.csv", "prompt,out,title,title:zh,languages\nlake,a.png,Lake,山,\"zh,en\"\n"
                    "ship,b.png,Ship,船,\n");
  batch({"dot", "rows.csv", "language=zh", "--report=r.json"});
  EXPECT_EQ(states(report()), "made skipped skipped");
  EXPECT_EQ(report()["rows"].at(0)["language"].text(), "zh");
}

TEST_F(Batch, LanguagesNeedNoList) {
  const Outcome run =
      aigc({"dot", "prompt=lake", "out=a.png", "languages=zh,en", "title:zh=湖", "title:en=Lake"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(made(), (std::set<std::string>{"a.en.png", "a.zh.png"}));
  EXPECT_EQ(aigc({"dot", "prompt=lake", "out=a.png", "languages=zh,e"}).status, 2);
  EXPECT_TRUE(has(aigc({"bars", "out=a.mp4", "languages=zh,en"}).err, "same in every language"));
}

TEST_F(Batch, PreviewsAreMadeOnlyWhenWanted) {
  write("rows.txt", "山间的湖\n");
  const Names words{"post", "rows.txt", "width=64", "height=36"};
  const Outcome refused = batch(words, "AIGC_JOBS");
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(has(refused.err, "all would be previews")) << refused.err;
  EXPECT_EQ(made(), std::set<std::string>{"rows.txt"});
  for (const char* allowed : {"backend=preview", "--allow-preview"}) {
    Names more = words;
    more.push_back(allowed);
    const Outcome run = batch(more, "AIGC_JOBS");
    EXPECT_EQ(run.status, 0) << run.err;
    fs::remove(folder / "0001.png");
  }
}

TEST_F(Batch, TellsProgramsInJson) {
  write("rows.csv", "prompt,frames\nlake,1\nship,0\n");
  const Outcome run = batch({"dot", "rows.csv", "--json", "--jobs=1"});
  EXPECT_EQ(run.err, "");
  std::istringstream lines(run.out);
  std::string seen;
  for (std::string line; std::getline(lines, line);) {
    const auto tree = parse_json(line);
    const JsonView event(tree.get());
    seen += event["event"].text();
    if (event["row"].exists()) seen += std::to_string(*event["row"].integer());
    seen += " ";
  }
  EXPECT_EQ(seen, "batch start1 done1 row1 start2 error2 row2 batch-done ");
}

TEST_F(Batch, InterruptedItBeginsNothingNewAndKeepsNoPart) {
  write("rows.csv", "frames,live\n10,no\n9000,yes\n9000,yes\n30,no\n");
  Program program = start({"batch", "bars", "rows.csv", "--jobs=2", "--report=r.json"});
  await([&] { return fs::exists(folder / "0001.mp4"); });
  await([&] { return files().size() >= 5; }); // list, records, first film, two parts
  program.signal(SIGINT);
  const Outcome run = program.wait();
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_EQ(states(report()), "made interrupted interrupted not-started");
  EXPECT_TRUE(report()["interrupted"].boolean(false));
  EXPECT_EQ(files().size(), 4u) << "parts are left";
  // An interrupted row is not made.
  write("rows.csv", "frames,live\n10,no\n9,yes\n9,yes\n30,no\n");
  EXPECT_EQ(batch({"bars", "rows.csv", "--report=r.json"}).status, 0);
  EXPECT_EQ(states(report()), "skipped made made made");
}

namespace {

/// A film that was looked at before, of so many shots that it takes a while to read them: what
/// happens then can be interrupted.
class PlannedFilm : public Batch {
 protected:
  PlannedFilm() {
    std::string shots;
    for (int i = 0; i < 20000; ++i)
      shots += "shot " + std::to_string(i) + "\n";
    write("shots.txt", shots);
    write("rows.csv", "out,prompt,shots\nfirst.mp4,lake,\na.mp4,,shots.txt\n");
    fs::create_directory(folder / "a.keyframes");
    write("a.keyframes/takes.json", R"({"takes": {"shot-1": 1}})");
  }
  Program run(Names more = {}) const {
    Names words{"batch",    "film",         "rows.csv", "--allow-preview", "--report=r.json",
                "--jobs=1", "duration=0.5", "width=64", "height=48"};
    words.insert(words.end(), more.begin(), more.end());
    return start(words, "AIGC_JOBS");
  }
  /// Whether SIGINT has a handler: while a pipeline runs, or the rows are worked on.
  static bool is_watching(const Program& program) {
    std::ifstream status("/proc/" + std::to_string(program.pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigCgt:"))
        return std::stoull(line.substr(7), nullptr, 16) & 1u << (SIGINT - 1);
    return false;
  }
};

} // namespace

TEST_F(PlannedFilm, InterruptedWhileRowsAreLookedAtItStartsNothing) {
  for (const Names& more : {Names{}, Names{"on-error=skip"}}) {
    Program program = run(more);
    await([&] { return is_watching(program); });
    program.signal(SIGINT);
    const Outcome ended = program.wait();
    EXPECT_EQ(ended.status, 130) << ended.out << ended.err;
    EXPECT_FALSE(fs::exists(folder / "r.json"));
  }
}

TEST_F(PlannedFilm, InterruptedBeforeItsFirstCallARowHasNotFailed) {
  Program program = run();
  await([&] { return fs::exists(folder / ".aigc-batch/first.mp4.json"); });
  program.signal(SIGINT);
  const Outcome ended = program.wait();
  EXPECT_EQ(ended.status, 130) << ended.out << ended.err;
  EXPECT_EQ(report()["totals"]["failed"].integer(), 0) << states(report());
  EXPECT_EQ(report()["totals"]["unfinished"].integer(), 1) << states(report());
  EXPECT_FALSE(fs::exists(folder / ".aigc-batch/a.mp4.json"));
}

TEST_F(Batch, InterruptedTwiceItEndsThoughAPipelineHangs) {
  write("rows.csv", "out\na.mp4\nb.mp4\n");
  Program program = start({"batch", "stuck", "rows.csv", "--report=r.json"});
  await([&] { return files().size() >= 3; });
  std::this_thread::sleep_for(200ms);
  const auto begun = std::chrono::steady_clock::now();
  program.signal(SIGINT);
  std::this_thread::sleep_for(100ms);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().status, 130);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
  EXPECT_EQ(states(report()), "interrupted interrupted");
  EXPECT_EQ(made(), (std::set<std::string>{"r.json", "rows.csv"}));
}

TEST_F(Batch, HoweverOftenItIsInterruptedItSaysSoAndLeavesItsReport) {
  write("rows.csv", "frames,live\n3000,yes\n");
  // A source of GStreamer 1.22 that gets EOS as it stops keeps the event for ever.
  const std::string tracers = g_getenv("GST_TRACERS") ? g_getenv("GST_TRACERS") : "";
  g_setenv("GST_TRACERS", "", TRUE);
  Program program = start({"batch", "bars", "rows.csv", "--report=r.json"});
  g_setenv("GST_TRACERS", tracers.c_str(), TRUE);
  // Not before the film has begun: x264enc of GStreamer 1.22 has a critical warning for that.
  await([&] {
    const auto names = files();
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.ends_with(".mp4") && fs::file_size(folder / name) > 0;
    });
  });
  program.signal(SIGINT);
  for (int i = 0; i < 20000 && program.runs(); ++i) { // also while it winds up
    program.signal(SIGTERM);
    std::this_thread::sleep_for(1ms);
  }
  const Outcome run = program.wait();
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_EQ(states(report()), "interrupted");
}

TEST_F(Batch, ShardsShareTheRowsAndTheRecords) {
  write("rows.txt", "a\nb\nc\nd\ne\n");
  const Outcome run = batch({"dot", "rows.txt", "--shard=1/3"});
  EXPECT_TRUE(has(run.err, "shard 1/3 by --shard")) << run.err;
  EXPECT_EQ(made(), (std::set<std::string>{"0002.png", "0005.png", "rows.txt"}));
  for (const char* shard : {"--shard=0/3", "--shard=2/3"})
    EXPECT_EQ(batch({"dot", "rows.txt", shard}).status, 0);
  EXPECT_TRUE(has(batch({"dot", "rows.txt"}).out, "made 0, skipped 5"));
}

TEST_F(Batch, MemoryDoesNotGrowWithTheRows) {
  std::string rows;
  for (int i = 0; i < 400; ++i)
    rows += "row " + std::to_string(i) + "\n";
  write("rows.txt", rows);
  Program program = start({"batch", "dot", "rows.txt", "--jobs=2"});
  const auto resident = [&] {
    std::ifstream status("/proc/" + std::to_string(program.pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
    return 0L;
  };
  await([&] { return fs::exists(folder / "0100.png"); });
  const long early = resident();
  await([&] { return fs::exists(folder / "0330.png"); });
  const long late = resident();
  EXPECT_EQ(program.wait().status, 0);
  EXPECT_GT(early, 0);
  EXPECT_GT(late, 0);
  EXPECT_LT(late - early, 8 << 10) << early << " kB, then " << late << " kB";
}

TEST_F(PaidBatch, KilledAndRunAgainNothingIsLostOrPaidTwice) {
  server.configure(R"({"image": {"seconds": 0.15}})");
  std::string rows;
  for (int i = 0; i < 8; ++i)
    rows += "湖 " + std::to_string(i) + "\n";
  write("rows.txt", rows);
  const Names words{"batch", "post", "rows.txt", "width=512", "height=512", "--jobs=3"};
  for (const size_t upto : {1u, 3u, 5u}) {
    Program program = start(words, "AIGC_JOBS");
    await([&] { return made().size() - 1 >= upto; });
    program.signal(SIGKILL);
    program.wait();
  }
  const Outcome last = aigc(words, "AIGC_JOBS");
  EXPECT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(made().size(), 9u);
  EXPECT_EQ(paid_pictures(), 8u);
  EXPECT_TRUE(has(aigc(words, "AIGC_JOBS").out, "made 0, skipped 8"));
  EXPECT_EQ(paid_pictures(), 8u);
}

TEST_F(PaidBatch, ACapHoldsOverAllRows) {
  write("rows.txt", "湖\n船\n山\n");
  const Names words{"post", "rows.txt", "width=512", "height=512", "--report=r.json"};
  Names capped = words;
  capped.insert(capped.end(), {"--max-cost=0.3", "--jobs=1"});
  const Outcome run = batch(capped, "AIGC_JOBS");
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_EQ(states(report()), "made failed failed");
  EXPECT_TRUE(has(report()["rows"].at(1)["message"].text(), "max-cost")) << run.err;
  EXPECT_GT(report()["totals"]["cost"]["CNY"].number().value_or(0), 0.2);
  EXPECT_EQ(paid_pictures(), 1u);
  // The cap does not decide what a picture becomes.
  EXPECT_EQ(batch(words, "AIGC_JOBS").status, 0);
  EXPECT_EQ(states(report()), "skipped made made");
  EXPECT_EQ(paid_pictures(), 3u);
}

TEST(BatchProgress, SaysHowLongItTakes) {
  runner::BatchCounts counts{.to_make = 200, .made = 37, .failed = 2, .running = 5};
  counts.row_seconds = 37 * 2;
  EXPECT_EQ(counts.text(5), "37/200 made, 2 failed, 5 running, 1:05 left");
  EXPECT_EQ((runner::BatchCounts{.to_make = 3, .running = 2}).text(2), "0/3 made, 2 running");
}

TEST(BatchShard, FollowsTheOptionThenTheEnvironment) {
  std::map<std::string, std::string> set;
  const auto environment = [&](const char* name) -> const char* {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  };
  const auto shard = [&](const std::string& one, const std::string& all) {
    const runner::Shard found = runner::find_shard(one, all, environment);
    return std::to_string(found.index) + "/" + std::to_string(found.count) + " " + found.source;
  };
  EXPECT_EQ(shard("", ""), "0/1 ");
  EXPECT_EQ(shard("2/4", ""), "2/4 --shard");
  for (const char* wrong : {"4/4", "1", "-1/4", "1/0", "a/b", "1/4x"})
    EXPECT_THROW(shard(wrong, ""), Error) << wrong;
  EXPECT_THROW(shard("", "4"), Error);
  EXPECT_THROW(shard("0/4", "4"), Error);

  set = {{"JOB_COMPLETION_INDEX", "3"}};
  EXPECT_EQ(shard("", "4"), "3/4 JOB_COMPLETION_INDEX");
  EXPECT_EQ(shard("1/2", ""), "1/2 --shard");
  EXPECT_THROW(shard("", ""), Error);
  EXPECT_THROW(shard("", "3"), Error);

  set = {{"SLURM_ARRAY_TASK_ID", "7"},
         {"SLURM_ARRAY_TASK_MIN", "1"},
         {"SLURM_ARRAY_TASK_COUNT", "4"},
         {"SLURM_ARRAY_TASK_STEP", "2"}};
  EXPECT_EQ(shard("", ""), "3/4 SLURM_ARRAY_TASK_ID");
  EXPECT_EQ(shard("", "8"), "7/8 SLURM_ARRAY_TASK_ID");
  set["SLURM_ARRAY_TASK_ID"] = "6";
  EXPECT_THROW(shard("", ""), Error) << "between two steps";
  set.erase("SLURM_ARRAY_TASK_COUNT");
  EXPECT_THROW(shard("", ""), Error);
}
