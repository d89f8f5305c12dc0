// SPDX-License-Identifier: LGPL-2.1-or-later
// The driver against a scripted backend: cache, retry, polling, deadline, cancel, verification.
#include "base/error.h"
#include "service/driver.h"
#include "temp_folder.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr std::array<Model, 1> kModels = {{{.name = "m", .role = Role::words}}};

/// Answers as its script says; counts what was asked.
class ScriptedBackend : public Backend {
 public:
  const char* name() const override { return "scripted"; }
  std::span<const Model> models() const override { return kModels; }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    const int number = ++submits;
    if (number <= failures) {
      Error error(Fault::read, "busy");
      error.retry = failures_may_pass;
      throw error;
    }
    if (polls_needed > 0) return Task{"task-1"};
    if (request.role == Role::clip) std::ofstream(call.scratch) << "clip";
    return make(request, call);
  }

  Poll poll(const Task& task, const Request&, Call& call) override {
    EXPECT_EQ(task.id, "task-1");
    if (failed_polls > 0) {
      --failed_polls;
      Error error(Fault::read, "unreachable");
      error.retry = true;
      throw error;
    }
    if (++polls < polls_needed) return {Poll::State::running, 10 * polls, {}};
    return {Poll::State::done, 100, Result{.prompt = "done"}};
  }

  bool cancel(const Task& task, Call& call) override { return ++cancels; }

  Result make(const Request& request, Call& call) {
    Result result;
    if (!blank) result.prompt = "answer " + std::to_string(submits);
    result.picture = picture;
    result.request_id = "r-1";
    result.cost = 0.25;
    if (request.role == Role::clip) result.clip_path = call.scratch;
    return result;
  }

  int failures = 0;
  bool blank = false;
  bool failures_may_pass = true;
  int polls_needed = 0;
  int failed_polls = 0;
  Ref<GBytes> picture;
  std::atomic<int> submits{0}, polls{0}, cancels{0};
};

struct DriverTest : testing::Test {
  std::shared_ptr<ScriptedBackend> backend = std::make_shared<ScriptedBackend>();
  TempFolder folder;
  Driver driver{backend, ResultStore(folder.path())};
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;

  Done run() {
    return driver.run(request, options, cancel, [](int) {});
  }
  Fault fault() {
    try {
      run();
    } catch (const Error& error) {
      return error.fault;
    }
    ADD_FAILURE() << "nothing thrown";
    return Fault::settings;
  }
};

} // namespace

TEST_F(DriverTest, TheSecondAskIsAnsweredFromTheStoreAtNoCost) {
  const Done first = run();
  EXPECT_EQ(first.requests, 1u);
  EXPECT_EQ(first.provenance.cost, 0.25);
  EXPECT_EQ(first.provenance.request_id, "r-1");
  const Done second = run();
  EXPECT_EQ(backend->submits, 1);
  EXPECT_EQ(second.requests, 0u);
  EXPECT_EQ(second.result.prompt, "answer 1");
  EXPECT_TRUE(second.provenance.cache_hit);
  EXPECT_EQ(second.provenance.cost, 0);
}

TEST_F(DriverTest, AnotherTakeOrAnUnusedCacheAsksAgain) {
  run();
  request.take = 1;
  run();
  EXPECT_EQ(backend->submits, 2);
  options.use_cache = false;
  run();
  EXPECT_EQ(backend->submits, 3);
}

TEST_F(DriverTest, RetriesWhatMayPassAndNotMoreThanAllowed) {
  backend->failures = 1;
  EXPECT_EQ(run().requests, 2u);
  backend->failures = 100;
  options.max_retries = 0;
  request.take = 1;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 3);
}

TEST_F(DriverTest, DoesNotRetryWhatCannotPass) {
  backend->failures = 1;
  backend->failures_may_pass = false;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, PollsATaskToItsEndAndPassesThePercentOn) {
  backend->polls_needed = 4;
  std::vector<int> seen;
  const Done done =
      driver.run(request, options, cancel, [&](int percent) { seen.push_back(percent); });
  EXPECT_EQ(done.result.prompt, "done");
  EXPECT_EQ(seen, (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(backend->submits, 1);
}

TEST_F(DriverTest, APollThatFailsForAMomentNeverSubmitsAgain) {
  backend->polls_needed = 2;
  backend->failed_polls = 3;
  EXPECT_EQ(run().result.prompt, "done");
  EXPECT_EQ(backend->submits, 1);
  request.take = 1;
  backend->polls = 0;
  backend->failed_polls = 100;
  EXPECT_EQ(fault(), Fault::read);
  EXPECT_EQ(backend->submits, 2);
}

TEST_F(DriverTest, AStoreThatCannotBeWrittenIsFoundBeforeAnythingIsSent) {
  const std::string file = folder.path() + "/file";
  std::ofstream(file) << "x";
  const Driver nowhere(backend, ResultStore(file + "/below"));
  EXPECT_THROW(nowhere.run(request, options, cancel, [](int) {}), Error);
  EXPECT_EQ(backend->submits, 0);
}

TEST_F(DriverTest, WordsTheNextStageCouldNotUseAreRefused) {
  backend->blank = true;
  EXPECT_EQ(fault(), Fault::format);
}

TEST_F(DriverTest, GivesUpAtTheDeadline) {
  backend->polls_needed = 1'000'000;
  options.timeout = 30ms;
  EXPECT_EQ(fault(), Fault::timeout);
  EXPECT_EQ(backend->cancels, 0);
}

TEST_F(DriverTest, CancelEndsALongPauseAtOnceAndReachesTheService) {
  backend->polls_needed = 2;
  options.poll_interval = 1h;
  options.timeout = 2h;
  std::thread other([&] {
    while (backend->submits == 0)
      std::this_thread::yield();
    cancel.cancel();
  });
  EXPECT_EQ(fault(), Fault::cancelled);
  other.join();
  EXPECT_EQ(backend->cancels, 1);
}

TEST_F(DriverTest, APictureThatIsNoneIsRefusedAndNotKept) {
  request.role = Role::picture;
  backend->picture = adopt(g_bytes_new_static("not a picture", 13));
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 2);
}

TEST_F(DriverTest, AClipThatDoesNotDemuxIsRefusedAndNotKept) {
  request.role = Role::clip;
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(fault(), Fault::format);
  EXPECT_EQ(backend->submits, 2);
}

TEST(RequestKey, EveryFieldCounts) {
  const Request base{.role = Role::clip, .model = "m", .script = "ab", .words = "c"};
  std::vector<Request> others(14, base);
  others[0].role = Role::picture;
  others[1].model = "n";
  others[2].script = "a", others[2].words = "bc";
  others[3].negative = "x";
  others[4].motion = "x";
  others[5].style = "x";
  others[6].mood = "x";
  others[7].language = "x";
  others[8].size = {2, 1};
  others[9].size = {1, 2};
  others[10].seconds = 0.5;
  others[11].seed = 1;
  others[12].keyframe = adopt(g_bytes_new_static("x", 1));
  others[13].last_frame = adopt(g_bytes_new_static("x", 1));
  std::vector<std::string> keys = {request_key("s", base), request_key("t", base)};
  for (const auto& other : others)
    keys.push_back(request_key("s", other));
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
  EXPECT_EQ(request_key("s", base), request_key("s", Request(base)));
  EXPECT_EQ(request_key("s", base).size(), 64u);
}
