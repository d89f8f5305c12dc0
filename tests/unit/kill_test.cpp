// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 after every step of a paid call, then a rerun: the stand-in's call log is the witness
// that nothing was ordered twice. The process that is killed is this program again, with the test
// below that is disabled for everybody else.
#include "../standin.h"
#include "base/error.h"
#include "service/driver.h"
#include "service/factory.h"
#include "store/ledger.h"
#include "temp_folder.h"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStepNames[] = {"locked",       "reserved",    "intent_written", "submitted",
                                      "task_written", "polled_done", "downloaded",     "verified",
                                      "committed",    "billed",      "cleared"};
constexpr int kSteps = std::size(kStepNames);

/// A call of each shape there is.
struct Kind {
  const char* name;
  Request request;
  BackendChoice choice;
  const char* address;
  bool can_be_found; ///< after a create whose answer was lost
  bool has_address;  ///< its result waits somewhere, also after a crash
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"a clip, by a task",
       {.role = Role::clip,
        .model = "wan2.2-t2v-plus",
        .script = "a fox",
        .words = "a fox in the snow",
        .size = {832, 480},
        .seconds = 5},
       BackendChoice::dashscope,
       "dashscope",
       true,
       true},
      {"a picture, at once",
       {.role = Role::picture,
        .model = "qwen-image-2.0",
        .script = "a fox",
        .words = "a fox in the snow",
        .size = {1664, 928}},
       BackendChoice::dashscope,
       "dashscope",
       false,
       true},
      {"words, at once",
       {.role = Role::words, .model = "deepseek-flash", .script = "a fox", .words = "a fox"},
       BackendChoice::deepseek,
       "deepseek",
       false,
       false},
  };
  return all;
}

const char* variable(const char* name) {
  const char* value = g_getenv(name);
  return value ? value : "";
}

/// Starts this program as a call of `kind` that is killed after `step`; -1 = it lives. Returns
/// whether it came to its end.
bool call_in_child(const Kind& kind, int step, const Standin& standin, const std::string& store) {
  const auto launcher = adopt(
      g_subprocess_launcher_new(static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_SILENCE)));
  const auto set = [&](const char* name, const std::string& value) {
    g_subprocess_launcher_setenv(launcher.get(), name, value.c_str(), TRUE);
  };
  set("AIGC_TEST_KIND", std::to_string(&kind - kinds().data()));
  set("AIGC_TEST_STEP", std::to_string(step));
  set("AIGC_TEST_URL", standin.address(kind.address));
  set("AIGC_TEST_STORE", store);
  set("GST_TRACERS", "");
  const char* arguments[] = {"/proc/self/exe", "--gtest_filter=Child.*",
                             "--gtest_also_run_disabled_tests", nullptr};
  const std::string self = fs::read_symlink("/proc/self/exe");
  arguments[0] = self.c_str();
  ErrorSlot error;
  const auto child = adopt(g_subprocess_launcher_spawnv(launcher.get(), arguments, error.out()));
  if (!child) throw std::runtime_error(error.message());
  g_subprocess_wait(child.get(), nullptr, nullptr);
  return g_subprocess_get_if_exited(child.get()) && g_subprocess_get_exit_status(child.get()) == 0;
}

size_t files_in(const std::string& folder) {
  std::error_code none;
  fs::directory_iterator at(folder, none);
  return none ? 0 : static_cast<size_t>(std::distance(fs::begin(at), fs::end(at)));
}

class Kill : public testing::TestWithParam<int> {
 protected:
  static void SetUpTestSuite() { standin_ = new Standin; }
  static void TearDownTestSuite() {
    delete standin_;
    standin_ = nullptr;
  }

  size_t orders() const {
    size_t count = 0;
    const auto log = standin_->calls();
    const JsonView calls = JsonView(log.get())["calls"];
    for (size_t i = 0; i < calls.size(); ++i)
      count += calls.at(i)["method"].text() == "POST" &&
               !calls.at(i)["path"].text().starts_with("/_standin");
    return count;
  }

  static Standin* standin_;
};
Standin* Kill::standin_ = nullptr;

} // namespace

TEST(Child, DISABLED_MakesOneCall) {
  const size_t index = static_cast<size_t>(std::atoi(variable("AIGC_TEST_KIND")));
  const Kind& kind = kinds().at(index);
  const int last = std::atoi(variable("AIGC_TEST_STEP"));
  const Driver driver(make_backend(kind.choice, {variable("AIGC_TEST_URL"), Secret("sk-standin")}),
                      ResultStore(variable("AIGC_TEST_STORE")));
  DriverOptions options{.timeout = 20s, .poll_interval = 60ms};
  options.reached = [&](Step step) {
    if (static_cast<int>(step) == last) kill(getpid(), SIGKILL);
  };
  Cancel cancel;
  const Done done = driver.run(kind.request, options, cancel, [](int) {});
  const Result& result = done.result;
  EXPECT_EQ(!result.prompt.empty(), kind.request.role == Role::words);
  EXPECT_EQ(bool(result.picture), kind.request.role == Role::picture);
  EXPECT_EQ(fs::exists(result.clip_path), kind.request.role == Role::clip);
}

TEST_P(Kill, AtEveryStepARerunGoesOnWithoutPayingTwice) {
  const Kind& kind = kinds().at(static_cast<size_t>(GetParam()));
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(std::string(kind.name) + ", killed at " + kStepNames[step]);
    const bool at_once = !kind.has_address;
    if (at_once && step == static_cast<int>(Step::task_written)) continue; // there is no such step
    TempFolder folder;
    standin_->reset();
    ASSERT_FALSE(call_in_child(kind, step, *standin_, folder.path()));
    ASSERT_TRUE(call_in_child(kind, -1, *standin_, folder.path()));

    // What a service answers at once is lost with the process until it is written down.
    const int written = static_cast<int>(at_once ? Step::committed : Step::task_written);
    const bool lost =
        !kind.can_be_found && step >= static_cast<int>(Step::intent_written) && step < written;
    const bool never_sent = step == static_cast<int>(Step::intent_written);
    EXPECT_EQ(orders(), lost && !never_sent ? 2u : 1u);
    size_t billed = 0, unclear = 0;
    for (const auto& line : Ledger(folder.path()).lines())
      ++(line.unclear ? unclear : billed);
    EXPECT_EQ(billed, 1u);
    EXPECT_EQ(unclear, lost ? 1u : 0u);
    EXPECT_EQ(files_in(folder.path() + "/journal"), 0u);
    EXPECT_EQ(files_in(folder.path() + "/locks"), 0u);
    EXPECT_EQ(files_in(folder.path() + "/tmp"), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, Kill, testing::Range(0, 3));
