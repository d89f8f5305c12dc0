// SPDX-License-Identifier: LGPL-2.1-or-later
// The program aigc, with jobs of stock elements: what it makes, says and leaves behind.
#include "interrupt.h"
#include "launcher.h"
#include "program.h"
#include "store/owner.h"

#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <glib-unix.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class Runner : public ProgramTest {
 protected:
  using Names = std::vector<std::string>;

  /// Waits until the program has begun its file, and written `bytes` of it.
  void await_file(Program& program, const std::string& name, std::uintmax_t bytes) const {
    const fs::path part =
        folder / (".aigc-" + this_machine() + "-" + std::to_string(program.pid()) + "-" + name);
    std::error_code error;
    for (int i = 0; i < 1000; ++i) {
      if (fs::exists(part) && fs::file_size(part, error) >= bytes && !error) return;
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << "no " << part;
  }
};

std::vector<std::string> events(const std::string& text) {
  std::vector<std::string> events;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto node = adopt(json_from_string(line.c_str(), nullptr));
    EXPECT_TRUE(node && JSON_NODE_HOLDS_OBJECT(node.get())) << line;
    if (node)
      events.push_back(json_object_get_string_member(json_node_get_object(node.get()), "event"));
  }
  return events;
}

} // namespace

TEST_F(Runner, MakesAFileAndSaysWhatItIs) {
  const Outcome run = aigc({"bars", "out=a.mp4", "mirror=yes"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "a.mp4: 1.00 s, 320x180, ")) << run.out;
  EXPECT_EQ(run.err, "bars: making a.mp4\n");
  EXPECT_EQ(files(), Names{"a.mp4"});
}

TEST_F(Runner, TellsProgramsInJson) {
  const Outcome run = aigc({"bars", "out=a.mp4", "--json"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(events(run.out), (Names{"start", "done"}));
  EXPECT_EQ(events(aigc({"fails", "out=a.mp4", "--json"}).out), (Names{"start", "error"}));
  EXPECT_EQ(events(aigc({"nojob", "--json"}).out), (Names{"error"}));
}

TEST_F(Runner, AnErrorIsToldOnceAndLeavesTheOldFile) {
  std::ofstream(folder / "a.mp4") << "old";
  const Outcome run = aigc({"fails", "out=a.mp4"});
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.err.find("error: "), run.err.rfind("error: ")) << run.err;
  EXPECT_TRUE(has(run.err, "error: identity: ")) << run.err;
  EXPECT_EQ(files(), Names{"a.mp4"});
  EXPECT_EQ(fs::file_size(folder / "a.mp4"), 3u);
}

TEST_F(Runner, InterruptedItFinishesThePlayablePart) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    Program program = start({"bars", "out=a.mp4", "live=true", "frames=9000"});
    await_file(program, "a.mp4", 20000);
    EXPECT_FALSE(fs::exists(folder / "a.mp4"));
    program.signal(number);
    const Outcome run = program.wait();
    EXPECT_EQ(run.status, 130) << run.err;
    EXPECT_TRUE(has(run.out, "ended by the interruption")) << run.out;
    const auto made = runner::examine(folder / "a.mp4");
    ASSERT_TRUE(made);
    EXPECT_GT(made->seconds, 0.1);
    EXPECT_EQ(made->width, 320);
    EXPECT_EQ(files(), Names{"a.mp4"});
    fs::remove(folder / "a.mp4");
  }
}

TEST_F(Runner, InterruptedBeforeThereWasAnythingItLeavesNothing) {
  Program program = start({"silent", "out=a.mp4"});
  await_file(program, "a.mp4", 0);
  std::this_thread::sleep_for(300ms);
  program.signal(SIGINT);
  const Outcome run = program.wait();
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_TRUE(has(run.out, "no file was made")) << run.out;
  EXPECT_FALSE(has(run.err, "error")) << run.err;
  EXPECT_EQ(files(), Names{});
}

TEST_F(Runner, InterruptedTwiceItStopsAtOnce) {
  Program program = start({"stuck", "out=a.mp4"});
  await_file(program, "a.mp4", 0);
  std::this_thread::sleep_for(300ms);
  const auto begun = std::chrono::steady_clock::now();
  program.signal(SIGINT);
  std::this_thread::sleep_for(200ms);
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().status, 130);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
  EXPECT_EQ(files(), Names{});
}

/// GLib makes a signal deadly again with the last source that watches for it: that must not come.
TEST(SignalWatch, NoSignalKillsAnInterruptedProgramThatWindsUp) {
  using aigc::runner::Interrupt, aigc::runner::SignalWatch;
  const pid_t child = fork();
  if (child == 0) {
    Interrupt interrupt;
    std::optional<SignalWatch> watch(interrupt);
    interrupt.raise();
    watch.reset();
    g_source_unref(g_unix_signal_source_new(SIGTERM)); // it is not the last
    raise(SIGTERM);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

TEST_F(Runner, KilledItLeavesNothingUnderTheNameAndTheNextRunTidiesUp) {
  Program program = start({"bars", "out=a.mp4", "live=true", "frames=9000"});
  await_file(program, "a.mp4", 20000);
  program.signal(SIGKILL);
  EXPECT_EQ(program.wait().status, -1);
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
  EXPECT_EQ(files().size(), 1u);
  EXPECT_EQ(aigc({"bars", "out=a.mp4"}).status, 0);
  EXPECT_EQ(files(), Names{"a.mp4"});
}

TEST_F(Runner, AFileThatIsNoMediaIsNotPassedOff) {
  std::ofstream(folder / "in.txt") << "words";
  const Outcome run = aigc({"copy", "in=in.txt", "out=b.mp4"});
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(has(run.err, "error: b.mp4 was not made")) << run.err;
  EXPECT_EQ(files(), Names{"in.txt"});
}

TEST_F(Runner, WhatTheDiscovererCannotReadIsKept) {
  // A kind of file that is known, but that GStreamer has no element for.
  std::ofstream(folder / "in.rar") << std::string("Rar!\x1a\7\0", 7) << std::string(5000, '\0');
  const Outcome run = aigc({"copy", "in=in.rar", "out=b.rar"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(has(run.out, "b.rar: ")) << run.out;
}

TEST_F(Runner, WrongUseIsOneErrorAndStartsNothing) {
  const struct {
    Names words;
    std::string said;
  } cases[] = {
      {{"brs", "out=a.mp4"}, "there is no job brs; did you mean bars?"},
      {{"../bars", "out=a.mp4"}, "there is no job ../bars"},
      {{"bars"}, "bars needs out"},
      {{"bars", "out=a.mp4", "farmes=3"}, "did you mean frames?"},
      {{"bars", "out=a.mp4", "frames=0"}, "frames=0: out of range"},
      {{"bars", "out=a.mp4", "frames=1e3"}, "not a whole number"},
      {{"bars", "out=a.mp4", "frames=3 ! fakesink"}, "not a whole number"},
      {{"bars", "out=a.mp4", "out=b.mp4"}, "out is given twice"},
      {{"bars", "out=a.mp4", "b.mp4"}, "'b.mp4' is not name=value"},
      {{"bars", "out=a.mp4", "--jsn"}, "there is no option --jsn"},
      {{"bars", "out=a.mkv"}, "ends in .mp4"},
      {{"bars", "out="}, "out=: empty"},
      {{"bars", "out=\xff.mp4"}, "not valid UTF-8"},
      {{"copy", "in=none", "out=a"}, "in=none: there is no such file"},
      {{"out=a.mp4"}, "no job is named"},
  };
  for (const auto& [words, said] : cases) {
    const Outcome run = aigc(words);
    EXPECT_EQ(run.status, 2) << said;
    EXPECT_TRUE(run.err.starts_with("error: ") && has(run.err, said)) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 2) << run.err;
    EXPECT_EQ(run.out, "");
  }
  EXPECT_EQ(files(), Names{});
}

TEST_F(Runner, PlacesThatCannotBeWrittenAreNamedBeforeAnythingIsMade) {
  fs::create_directory(folder / "d.mp4");
  for (const char* out :
       {"out=d.mp4", "out=no/a.mp4", "out=/proc/a.mp4", "out=/dev/full.mp4/x.mp4"}) {
    const Outcome run = aigc({"bars", out});
    EXPECT_EQ(run.status, 1) << out;
    EXPECT_TRUE(has(run.err, "cannot be written")) << run.err;
    EXPECT_FALSE(has(run.err, "making"));
  }
  EXPECT_EQ(files(), Names{"d.mp4"});
}

TEST_F(Runner, AMissingElementIsNamed) {
  const Outcome run = aigc({"missing", "out=a.mp4"});
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(has(run.err, "error: there is no element nosuchencoder")) << run.err;
  EXPECT_EQ(files(), Names{});
}

TEST_F(Runner, ListsJobsAndTheirVariables) {
  EXPECT_TRUE(has(aigc({"--list"}).out, "bars       Colour bars to an MP4"));
  const Outcome help = aigc({"bars", "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(has(help.out, "out=FILE.mp4")) << help.out;
  EXPECT_TRUE(has(help.out, "frames=1..100000")) << help.out;
  EXPECT_TRUE(has(help.out, "pictures (default 30)"));
  EXPECT_EQ(aigc({}).status, 2);
  EXPECT_EQ(aigc({"--help"}).status, 0);
  EXPECT_TRUE(aigc({"--version"}).out.starts_with("aigc "));
}

TEST_F(Runner, ABrokenJobIsNamedByLine) {
  std::ofstream(folder / "bad.launch") << "# Bad\n#: out output! x\nfakesrc ! ${nothing}\n";
  const Outcome run =
      Program({g_getenv("AIGC_TOOL"), "bad", "out=a"}, folder, folder.c_str()).wait();
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(has(run.err, "error: bad.launch:3: 'nothing' is not declared")) << run.err;
}

TEST_F(Runner, PrintedItRunsInAShell) {
  const Outcome printed = aigc({"bars", "out=it's \"$HOME\" \\.mp4", "mirror=1", "--print"});
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(files(), Names{});
  const Outcome run = shell(printed.out);
  EXPECT_EQ(run.status, 0) << printed.out << run.err;
  EXPECT_EQ(files(), Names{"it's \"$HOME\" \\.mp4"});
}
