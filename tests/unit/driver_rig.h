// SPDX-License-Identifier: LGPL-2.1-or-later
// A driver, a store of its own and a backend that does as a test says.
#pragma once

#include "base/error.h"
#include "net/limiter.h"
#include "service/driver.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "temp_folder.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <thread>

namespace driver_rig {

using namespace aigc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline constexpr Pace kOneAtATime{.group = "one", .concurrent = 1};
inline constexpr Pace kQuick{.group = "quick", .per_second = 1000};
inline constexpr std::array<Model, 5> kModels = {
    {{.name = "m", .role = Role::words, .pace = kQuick},
     {.name = "p", .role = Role::picture},
     {.name = "c", .role = Role::clip},
     {.name = "one", .role = Role::words, .pace = kOneAtATime},
     {.name = "qwen-image", .role = Role::picture}}};

/// Answers as its script says; counts what was asked.
class ScriptedBackend : public Backend {
 public:
  const char* name() const override { return "scripted"; }
  std::span<const Model> models() const override { return kModels; }
  bool is_preview() const override { return preview; }
  Endpoint endpoint() const override { return {host, account, is_private, free}; }

  std::string price_name(const std::string& model) const override {
    return model == "p" ? "qwen-image" : model;
  }

  std::variant<Result, Task> submit(const Request& request, Call& call) override {
    const int number = ++submits;
    if (number <= failures) throw failure;
    if (polls_needed > 0) return Task{"task-" + std::to_string(number)};
    std::this_thread::sleep_for(takes);
    if (request.role == Role::clip) std::ofstream(call.scratch) << "clip";
    return make(request, call);
  }

  Poll poll(const Task& task, const Request&, Call& call) override {
    polled = task.id;
    if (failed_polls > 0) {
      --failed_polls;
      throw poll_failure;
    }
    if (++polls < polls_needed) return {Poll::State::running, 10 * polls, {}};
    return {Poll::State::done, 100, Result{.prompt = "done", .request_id = "r-2"}};
  }

  bool cancel(const Task& task, Call& call) override { return ++cancels && may_cancel; }

  Found find(const Request&, const Intent& intent, Call&) override {
    ++finds;
    known = intent.known_tasks;
    if (on_find) on_find();
    if (finds <= failed_finds) throw find_failure;
    return found;
  }

  Result make(const Request& request, Call& call) {
    Result result;
    if (!blank) result.prompt = "answer " + std::to_string(submits);
    result.picture = picture;
    result.request_id = "r-1";
    result.cost = 0.25;
    if (request.role == Role::clip) result.clip_path = call.scratch;
    return result;
  }

  static Error passing(const char* what) {
    Error error(Fault::read, what);
    error.retry = true;
    return error;
  }
  static Error lost() {
    Error error(Fault::read, "the connection broke");
    error.unclear = true;
    return error;
  }

  std::string account = take_string(g_uuid_string_random()); // limiters are shared by account
  std::string host = "scripted.test";
  bool is_private = true;
  bool free = false;
  int failures = 0;
  Error failure = passing("busy");
  Error poll_failure = passing("unreachable");
  std::chrono::milliseconds takes{0};
  bool blank = false;
  bool preview = false;
  bool may_cancel = true;
  int polls_needed = 0;
  int failed_polls = 0;
  int failed_finds = 0;
  Error find_failure = passing("unreachable");
  Found found;
  std::function<void()> on_find;
  std::set<std::string> known;
  std::string polled;
  Ref<GBytes> picture;
  std::atomic<int> submits{0}, polls{0}, cancels{0}, finds{0};
};

struct DriverTest : testing::Test {
  std::shared_ptr<ScriptedBackend> backend = std::make_shared<ScriptedBackend>();
  TempFolder folder;
  Driver driver{backend, ResultStore(folder.path())};
  DriverOptions options{.timeout = 10s, .poll_interval = 1ms};
  Request request{.model = "m", .script = "a fox"};
  Cancel cancel;
  Journal journal{folder.path()};
  Ledger ledger{folder.path()};

  Done run() {
    return driver.run(request, options, cancel, [](int) {});
  }
  Error error() {
    try {
      run();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing thrown";
    return Error(Fault::settings, "");
  }
  Fault fault() { return error().fault; }
  std::string key() const { return request_key(edition_of(*backend), request); }
  bool is_open() const { return journal.has(key()); }
  size_t files_in(const char* part) const {
    std::error_code none;
    fs::directory_iterator at(folder.path() + "/" + part, none);
    return none ? 0 : static_cast<size_t>(std::distance(fs::begin(at), fs::end(at)));
  }
};

} // namespace driver_rig
