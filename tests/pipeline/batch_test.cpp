// SPDX-License-Identifier: LGPL-2.1-or-later
// aigc batch as a user calls it: what it makes, leaves, skips and says of bad rows.
#include "base/json.h"
#include "program.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class Batch : public ProgramTest {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name).rdbuf();
    return text.str();
  }
  std::vector<std::string> made(const std::string& under = ".") const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder / under))
      if (entry.path().extension() == ".mp4" || entry.path().extension() == ".png")
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// Member `name` of the report's totals.
  gint64 total(const std::string& name) const {
    const auto report = parse_json(read("r.json"));
    return JsonView(report.get())["totals"][name.c_str()].integer().value_or(-1);
  }
};

using Names = std::vector<std::string>;

} // namespace

TEST_F(Batch, MakesEveryRowAndOnlyOnce) {
  write("rows.csv", "\xEF\xBB\xBFout;frames\r\na.mp4;3\r\nb.mp4;4\r\n\"c.mp4\";5\r\n");
  const Outcome first = aigc({"batch", "bars", "rows.csv", "--jobs", "2", "--report", "r.json"});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(made(), (Names{"a.mp4", "b.mp4", "c.mp4"}));
  EXPECT_EQ(total("made"), 3);

  fs::remove(folder / "b.mp4");
  write("rows.csv", "out;frames\r\na.mp4;3\r\nb.mp4;4\r\nc.mp4;6\r\n");
  const Outcome second = aigc({"batch", "bars", "rows.csv", "--report", "r.json"});
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(total("made"), 2) << second.out; // one was gone, one has changed
  EXPECT_EQ(total("skipped"), 1);
}

TEST_F(Batch, AFailedRowDoesNotStopTheOthers) {
  write("rows.jsonl", "{\"out\": \"a.mp4\", \"frames\": 3}\n{\"out\": \"b.mp4\", \"frames\": 2}\n");
  fs::create_directory(folder / "b.mp4"); // nothing can be made of that name
  const Outcome run = aigc({"batch", "bars", "rows.jsonl", "--report", "r.json"});
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_EQ(total("made"), 1) << run.out;
  EXPECT_EQ(total("failed"), 1);
  fs::remove(folder / "b.mp4");
  EXPECT_EQ(aigc({"batch", "bars", "rows.jsonl", "--report", "r.json"}).status, 0);
  EXPECT_EQ(total("made"), 1);
  EXPECT_EQ(total("skipped"), 1);
}

TEST_F(Batch, ABadRowIsNamedBeforeAnythingStarts) {
  const std::pair<const char*, const char*> cases[] = {
      {"out,frames\na.mp4,3\nb.mp4,many\n", "row 2"},
      {"out,frames\na.mp4,3\na.mp4,4\n", "a.mp4"},
      {"out,frame\na.mp4,3\n", "did you mean frames"},
      {"out,frames\na.mp4,0\n", "out of range"},
      {"out,frames\na.mp4\n", "row 1"},
      {"", "rows.csv"},
  };
  for (const auto& [text, said] : cases) {
    write("rows.csv", text);
    const Outcome run = aigc({"batch", "bars", "rows.csv"});
    EXPECT_NE(run.status, 0) << text;
    EXPECT_TRUE(has(run.err, said)) << text << run.err;
    EXPECT_EQ(made(), Names{}) << text;
  }
}

TEST_F(Batch, WithSkipTheRestGoesOn) {
  write("rows.csv", "out,frames\na.mp4,3\nb.mp4,many\nc.mp4,3\n");
  const Outcome run =
      aigc({"batch", "bars", "rows.csv", "on-error=skip", "out-dir=films", "--report", "r.json"});
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_EQ(made("films"), (Names{"a.mp4", "c.mp4"}));
  EXPECT_EQ(total("failed"), 1);
  EXPECT_TRUE(has(read("r.json"), "frames")) << read("r.json");
}

TEST_F(Batch, ShardsMakeEachRowOnce) {
  write("rows.csv", "out,frames\na.mp4,2\nb.mp4,2\nc.mp4,2\nd.mp4,2\ne.mp4,2\n");
  gint64 all = 0;
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    const Outcome run = aigc({"batch", "bars", "rows.csv", "--shard", shard, "--report", "r.json"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(total("skipped"), 0);
    all += total("made");
  }
  EXPECT_EQ(all, 5);
  EXPECT_EQ(made().size(), 5u);
  EXPECT_EQ(aigc({"batch", "bars", "rows.csv", "--shard", "3/3"}).status, 2);
}

TEST_F(Batch, InterruptedItStopsCleanlyAndARerunGoesOn) {
  write("rows.csv", "out,frames,live\na.mp4,2,false\nb.mp4,9000,true\nc.mp4,2,false\n");
  Program program = start({"batch", "bars", "rows.csv", "--jobs", "1", "--report", "r.json"});
  for (int i = 0; i < 1000 && !fs::exists(folder / "a.mp4"); ++i)
    std::this_thread::sleep_for(10ms);
  std::this_thread::sleep_for(300ms); // b has begun, or is about to
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().status, 130);
  EXPECT_EQ(made(), Names{"a.mp4"});
  write("rows.csv", "out,frames,live\na.mp4,2,false\nb.mp4,9,true\nc.mp4,2,false\n");
  EXPECT_EQ(aigc({"batch", "bars", "rows.csv", "--report", "r.json"}).status, 0);
  EXPECT_EQ(total("made"), 2);
  EXPECT_EQ(total("skipped"), 1);
}

TEST_F(Batch, RefusesPreviewsNobodyAskedFor) {
  write("posts.csv", "out,prompt:zh,prompt:en\nfox.png,雪中的狐狸,a fox in the snow\n");
  const Names line = {"batch", "post", "posts.csv", "width=320", "height=180", "languages=zh,en"};
  EXPECT_EQ(aigc(line, "AIGC_JOBS").status, 2);
  EXPECT_EQ(made(), Names{});
  Names allowed = line;
  allowed.push_back("--allow-preview");
  const Outcome run = aigc(allowed, "AIGC_JOBS");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(made(), (Names{"fox.en.png", "fox.zh.png"}));
}
