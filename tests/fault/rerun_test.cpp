// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole processes: killed in every phase and run again, two at once, on stores that cannot hold.
#include "base/json.h"
#include "fault/weather.h"

#include <csignal>
#include <fstream>
#include <map>
#include <ostream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aigc;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kPatience = 60s;

/// gst-launch-1.0 in a process group of its own, killed at the end if it still runs.
class Process {
 public:
  explicit Process(const std::string& line, rlim_t largest_file = RLIM_INFINITY) {
    pid_ = fork();
    if (pid_ != 0) return;
    const rlimit limit{largest_file, largest_file};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN); // the write fails instead
    g_unsetenv("GST_TRACERS");
    gchar** words = nullptr;
    g_shell_parse_argv(("gst-launch-1.0 -q " + line).c_str(), nullptr, &words, nullptr);
    execvp(words[0], words);
    _exit(127);
  }
  ~Process() { kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  /// The exit status, or -1 when it takes too long.
  int wait() {
    const auto limit = Clock::now() + kPatience;
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (Clock::now() > limit) return -1;
      g_usleep(5'000);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

struct Moment {
  const char* name;
  const char* route; ///< killed once the server has seen a call of it
  unsigned lost;     ///< synchronous answers that nobody can fetch a second time
};

void PrintTo(const Moment& moment, std::ostream* out) {
  *out << moment.name;
}

class Rerun : public WeatherTest {
 protected:
  /// Orders the server billed, by model.
  std::map<std::string, unsigned> billed() {
    std::map<std::string, unsigned> orders;
    const auto answer = server.billed();
    const JsonView list = JsonView(answer.get())["generations"];
    for (size_t i = 0; i < list.size(); ++i)
      ++orders[list.at(i)["model"].text()];
    return orders;
  }

  bool await_call(const std::string& route) {
    const auto limit = Clock::now() + kPatience;
    while (Clock::now() < limit) {
      const auto calls = server.calls();
      const JsonView list = JsonView(calls.get())["calls"];
      for (size_t i = 0; i < list.size(); ++i)
        if (list.at(i)["route"].text() == route) return true;
      g_usleep(2'000);
    }
    return false;
  }

  static constexpr const char* kChain =
      "aipromptenhance prompt=\"a fox in the snow\" ! qwenimagesrc ! wanxclipgen ! fakesink";
};

class KilledFilm : public Rerun, public testing::WithParamInterface<Moment> {};

constexpr Moment kMoments[] = {
    {"WhileWriting", "chat", 1},       {"AfterThePictureOrder", "image-async", 0},
    {"WhilePainting", "task", 0},      {"WhileFetching", "result", 0},
    {"AfterTheClipOrder", "video", 0},
};

} // namespace

TEST_P(KilledFilm, RunsAgainWithoutPayingAgain) {
  configure(R"({"chat": {"seconds": 0.2}, "image": {"seconds": 0.3}, "video": {"seconds": 0.5}})");
  {
    Process first(kChain);
    ASSERT_TRUE(await_call(GetParam().route));
    first.kill();
  }
  EXPECT_EQ(Process(kChain).wait(), 0);
  for (const auto& [model, times] : billed()) {
    const bool is_writer = model.starts_with("deepseek");
    EXPECT_LE(times, is_writer ? 1 + GetParam().lost : 1) << model;
  }
  EXPECT_EQ(billed().size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Fault, KilledFilm, testing::ValuesIn(kMoments),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Rerun, TwoProcessesAtOnceMakeOneCallEach) {
  configure(R"({"chat": {"seconds": 0.3}, "image": {"seconds": 0.5}, "video": {"seconds": 0.5}})");
  Process one(kChain), two(kChain);
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  for (const auto& [model, times] : billed())
    EXPECT_EQ(times, 1u) << model;
}

TEST_F(Rerun, ADeadOwnersLockIsTakenOver) {
  configure(R"({"video": {"seconds": 3}})");
  const std::string line = line_of(Stage::clip, "") + " ! fakesink";
  {
    Process owner(line);
    ASSERT_TRUE(await_call("task"));
  }
  configure(R"({"video": {"seconds": 0}})");
  const auto start = Clock::now();
  EXPECT_EQ(Process(line).wait(), 0);
  EXPECT_LT(Clock::now() - start, 15s);
  EXPECT_EQ(billed()["wan2.2-t2v-plus"], 1u);
}

TEST_F(Rerun, AStoreThatIsNoFolderIsRefusedBeforeAnythingIsPaid) {
  const std::string file = folder.path() + "/file";
  std::ofstream(file) << "x";
  const Seen seen = run(Stage::clip, "cache-dir=" + file + "/store");
  EXPECT_EQ(seen.domain, g_quark_to_string(GST_RESOURCE_ERROR));
  EXPECT_EQ(seen.code, GST_RESOURCE_ERROR_WRITE);
  EXPECT_EQ(seen.creates, 0u);
}

TEST_F(Rerun, AClipThatDoesNotFitIsPaidOnce) {
  const std::string line = line_of(Stage::clip, "") + " ! fakesink";
  EXPECT_NE(Process(line, 4096).wait(), 0);
  EXPECT_EQ(Process(line).wait(), 0);
  EXPECT_EQ(billed()["wan2.2-t2v-plus"], 1u);
}
