// SPDX-License-Identifier: LGPL-2.1-or-later
// DashScope's tasks and failures against the stand-in: every state, refusals, lost creates, cancel.
#include "dashscope_rig.h"

#include <future>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

class DashscopeTasks : public DashscopeRig {
 protected:
  Error create_error(const std::string& faults, const char* name = "wan2.2-t2v-plus") {
    server().fail("[" + faults + "]");
    const Request order = request(name);
    return error_of([&] { run(order); });
  }
  /// Of one look at a task.
  Error look_error(const std::string& fault, const char* name = "wan2.2-t2v-plus") {
    server().fail("[]");
    const Request order = request(name);
    const Task task = submit(order);
    server().fail(R"([{"route": "task", )" + fault + "}]");
    return error_of([&] { poll(task, order); });
  }
  Found find(const Request& order, const Intent& intent) {
    auto now = call();
    return backend().find(order, intent, now);
  }
};

struct Refused {
  const char* reply;
  Fault fault;
  bool retry;
};

} // namespace

TEST_F(DashscopeTasks, StatesThatAreNotTheEnd) {
  server().configure(R"({"video": {"pending_seconds": 0.2, "seconds": 0.2}})");
  const Request order = request("wan2.2-t2v-plus");
  const Task task = submit(order);
  EXPECT_EQ(poll(task, order).state, Poll::State::pending);
  for (const char* state : {"SUSPENDED", "PAUSED"}) {
    server().fail(R"([{"route": "task", "kind": "task-state", "state": ")" + std::string(state) +
                  "\"}]");
    EXPECT_EQ(poll(task, order).state, Poll::State::running) << state;
  }
  EXPECT_EQ(finish(task, order).usage.seconds, 5);
}

TEST_F(DashscopeTasks, AFailedTaskIsOver) {
  const auto failed = [&](const std::string& code) {
    return look_error(R"("kind": "task-state", "state": "FAILED", "code": ")" + code + "\"");
  };
  const std::pair<const char*, Fault> codes[] = {{"DataInspectionFailed", Fault::moderation},
                                                 {"InvalidParameter", Fault::settings},
                                                 {"InternalError.Timeout", Fault::timeout},
                                                 {"InternalError.Algo", Fault::read},
                                                 {"Arrearage", Fault::no_funds}};
  for (const auto& [code, fault] : codes) {
    const Error error = failed(code);
    EXPECT_EQ(error.fault, fault) << code;
    EXPECT_EQ(error.code, code);
    EXPECT_FALSE(error.retry) << code;
    EXPECT_TRUE(error.ended) << code;
    EXPECT_FALSE(error.request_id.empty()) << code;
    EXPECT_FALSE(error.remedy.empty()) << code;
  }
}

TEST_F(DashscopeTasks, WhatEndsWithoutAResult) {
  const std::pair<const char*, Fault> states[] = {{"FAILED-bare", Fault::read},
                                                  {"CANCELED", Fault::read},
                                                  {"UNKNOWN", Fault::not_found},
                                                  {"SUCCEEDED-empty", Fault::format},
                                                  {"SUCCEEDED-without-url", Fault::format}};
  for (const auto& [state, fault] : states)
    for (const char* name : {"wan2.2-t2v-plus", "qwen-image-plus"}) {
      const Error error =
          look_error(R"("kind": "task-state", "state": ")" + std::string(state) + "\"", name);
      EXPECT_EQ(error.fault, fault) << state;
      EXPECT_FALSE(error.retry) << state;
      EXPECT_EQ(error.service, "dashscope");
      EXPECT_TRUE(error.ended) << state;
      EXPECT_EQ(error.billed, std::string_view(state).starts_with("SUCCEEDED")) << state;
    }
  const Error expired = look_error(R"("kind": "task-state", "state": "UNKNOWN")");
  EXPECT_NE(std::string(expired.what()).find("expired"), std::string::npos);
}

TEST_F(DashscopeTasks, AnUnknownIdIsNotPolledForEver) {
  const Request order = request("wan2.2-t2v-plus");
  EXPECT_EQ(error_of([&] { poll({"no/such?task"}, order); }).fault, Fault::not_found);
  const Error error = look_error(R"("kind": "status", "status": 404)");
  EXPECT_EQ(error.fault, Fault::not_found);
  EXPECT_FALSE(error.retry);
  EXPECT_TRUE(error.ended);
}

TEST_F(DashscopeTasks, ABadLookMayBeRepeated) {
  for (const int status : {408, 429, 500, 502, 503, 504})
    for (const char* kind : {"status", "html"}) {
      const Error error = look_error(R"("kind": ")" + std::string(kind) + R"(", "status": )" +
                                     std::to_string(status));
      EXPECT_TRUE(error.retry) << kind << " " << status;
      EXPECT_FALSE(error.unclear);
    }
  for (const char* kind : {"bad-json", "empty", "close-before-headers"})
    EXPECT_TRUE(look_error(R"("times": -1, "kind": ")" + std::string(kind) + "\"").retry) << kind;
  EXPECT_TRUE(look_error(R"("kind": "html", "status": 200)").retry);
  EXPECT_TRUE(look_error(R"("kind": "status", "status": 429, "code": "insufficient_quota")").retry);
  const Error refused = look_error(R"("kind": "status", "status": 401)");
  EXPECT_FALSE(refused.retry);
  EXPECT_EQ(refused.fault, Fault::not_authorized);
  EXPECT_FALSE(refused.ended);
  const Error page = look_error(R"("times": -1, "kind": "html", "status": 404)");
  EXPECT_FALSE(page.ended) << "another server's page says nothing of the task";
}

TEST_F(DashscopeTasks, OneOfSeveralResultsIsEnough) {
  server().fail(R"([{"route": "image-async", "kind": "mixed-results"}])");
  EXPECT_FALSE(run(request("qwen-image")).url.empty());
  server().fail(R"([{"route": "image-sync", "kind": "mixed-results"}])");
  EXPECT_FALSE(run(request("qwen-image-max")).url.empty());
}

TEST_F(DashscopeTasks, RefusedCreatesAreNamed) {
  const Refused table[] = {
      {R"("status": 400)", Fault::settings, false},
      {R"("status": 400, "code": "DataInspectionFailed")", Fault::moderation, false},
      {R"("status": 400, "code": "Arrearage")", Fault::no_funds, false},
      {R"("status": 400, "code": "InvalidURL.Timeout")", Fault::settings, false},
      {R"("status": 401)", Fault::not_authorized, false},
      {R"("status": 403, "code": "AccessDenied.Unpurchased")", Fault::not_authorized, false},
      {R"("status": 403, "code": "AllocationQuota.FreeTierOnly")", Fault::no_funds, false},
      {R"("status": 404)", Fault::not_found, false},
      {R"("status": 429)", Fault::read, true},
      {R"("status": 429, "code": "Throttling.BurstRate")", Fault::read, true},
      {R"("status": 429, "code": "Throttling.AllocationQuota")", Fault::no_funds, false},
      {R"("status": 429, "code": "PostpaidBillOverdue")", Fault::no_funds, false},
      {R"("status": 500)", Fault::read, true},
      {R"("status": 500, "code": "RewriteFailed")", Fault::read, true},
      {R"("status": 503)", Fault::read, true},
  };
  const std::pair<const char*, const char*> routes[] = {{"video", "wan2.2-t2v-plus"},
                                                        {"image-async", "qwen-image-plus"},
                                                        {"image-sync", "qwen-image-max"}};
  for (const Refused& row : table)
    for (const auto& [route, name] : routes) {
      SCOPED_TRACE(std::string(row.reply) + " " + route);
      const Error error = create_error(R"({"route": ")" + std::string(route) +
                                           R"(", "kind": "status", )" + row.reply + "}",
                                       name);
      EXPECT_EQ(error.fault, row.fault) << error.what();
      EXPECT_EQ(error.retry, row.retry);
      EXPECT_FALSE(error.unclear);
      EXPECT_FALSE(error.remedy.empty());
      EXPECT_FALSE(error.request_id.empty());
    }
}

TEST_F(DashscopeTasks, AnotherRegionIsHintedAt) {
  for (const char* status : {"401", "404"})
    EXPECT_NE(create_error(R"({"route": "video", "kind": "status", "status": )" +
                           std::string(status) + "}")
                  .remedy.find("region"),
              std::string::npos);
}

TEST_F(DashscopeTasks, ACodeInAnAnswerOfSuccessIsAFailure) {
  const Error error = create_error(
      R"({"route": "video", "kind": "top-level-code", "code": "DataInspectionFailed"})");
  EXPECT_EQ(error.fault, Fault::moderation);
  EXPECT_FALSE(error.unclear);
}

TEST_F(DashscopeTasks, WhatMayHaveArrivedIsUnclear) {
  const char* kinds[] = {R"("kind": "html", "status": 502)",
                         R"("kind": "html", "status": 504)",
                         R"("kind": "status", "status": 504)",
                         R"("kind": "status", "status": 408)",
                         R"("kind": "accept-then-close")",
                         R"("kind": "bad-json")",
                         R"("kind": "truncate")",
                         R"("kind": "empty")"};
  const std::pair<const char*, const char*> routes[] = {{"video", "wan2.2-t2v-plus"},
                                                        {"image-sync", "qwen-image-max"}};
  for (const char* kind : kinds)
    for (const auto& [route, name] : routes)
      EXPECT_TRUE(
          create_error(R"({"route": ")" + std::string(route) + "\", " + kind + "}", name).unclear)
          << kind << " " << route;
}

TEST_F(DashscopeTasks, ACreateThatHangsEndsWithTheDeadlineAndWithCancel) {
  for (const char* name : {"wan2.2-t2v-plus", "qwen-image-max"}) {
    server().fail(R"([{"route": "video", "times": -1, "kind": "accept-then-hang"},
                      {"route": "image-sync", "times": -1, "kind": "accept-then-hang"}])");
    const Request order = request(name);
    auto soon = call(1s);
    const Error late = error_of([&] { backend().submit(order, soon); });
    EXPECT_EQ(late.fault, Fault::timeout) << name;
    EXPECT_TRUE(late.unclear) << name;
    Cancel stop;
    Call stopped{stop, soon.deadline + 30s, [](int) {}, {}};
    std::thread stopper([&] {
      g_usleep(100'000);
      stop.cancel();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of([&] { backend().submit(order, stopped); }).fault, Fault::cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
    stopper.join();
  }
}

TEST_F(DashscopeTasks, ALostCreateIsFoundAndPaidOnce) {
  for (const char* name : {"wan2.2-t2v-plus", "qwen-image-plus"}) {
    server().reset();
    server().configure(
        R"({"limits": "off", "poll_qps": 0, "image": {"width": 64, "height": 36, "seconds": 0.3},
                           "video": {"width": 64, "height": 64, "duration": 1, "seconds": 0.3}})");
    const Request order = request(name);
    const Intent intent{std::chrono::system_clock::now(), {}};
    EXPECT_TRUE(create_error(R"({"route": "video", "kind": "accept-then-close"},
                                {"route": "image-async", "kind": "accept-then-close"})",
                             name)
                    .unclear);
    const Found found = find(order, intent);
    ASSERT_EQ(found.answer, Found::Answer::task) << name;
    EXPECT_FALSE(finish(found.task, order).url.empty());
    EXPECT_EQ(billed(), 1u);
  }
}

TEST_F(DashscopeTasks, OfSeveralTheOneWithTheSameWordsIsFound) {
  const Intent intent{std::chrono::system_clock::now(), {}};
  Request other = request("wan2.2-t2v-plus"), order = other;
  other.words = "a lighthouse in a storm";
  for (const char* words : {"a lighthouse in a storm", "paper lanterns"}) {
    other.words = words;
    other.motion.clear();
    submit(other);
  }
  const Task lost = submit(order);
  other.words = "paper";
  submit(other);
  const Found found = find(order, intent);
  ASSERT_EQ(found.answer, Found::Answer::task);
  EXPECT_EQ(found.task.id, lost.id);
}

TEST_F(DashscopeTasks, WhatIsStillMadeIsWaitedForWhenSeveralCouldBeIt) {
  server().configure(R"({"video": {"seconds": 0.5}})");
  const Intent intent{std::chrono::system_clock::now(), {}};
  Request other = request("wan2.2-t2v-plus"), order = other;
  other.words = "a lighthouse in a storm";
  submit(other);
  const Task lost = submit(order);
  const Found found = find(order, intent);
  ASSERT_EQ(found.answer, Found::Answer::task);
  EXPECT_EQ(found.task.id, lost.id);
}

TEST_F(DashscopeTasks, TheOnlyOneIsNotTakenBeforeItSaysItsWords) {
  server().configure(R"({"video": {"seconds": 0.2}})");
  const Intent intent{std::chrono::system_clock::now() - 90s, {}};
  Request other = request("wan2.2-t2v-plus"), order = other;
  other.words = "a lighthouse in a storm";
  submit(other);
  EXPECT_EQ(find(order, intent).answer, Found::Answer::none);
  const Task lost = submit(order);
  EXPECT_EQ(find(order, intent).task.id, lost.id);
}

TEST_F(DashscopeTasks, WhatFailedIsNotWorthFinding) {
  const Intent intent{std::chrono::system_clock::now() - 90s, {}};
  server().fail(R"([{"route": "video", "kind": "task-state", "state": "FAILED"}])");
  const Request order = request("wan2.2-t2v-plus");
  submit(order);
  EXPECT_EQ(find(order, intent).answer, Found::Answer::none);
}

TEST_F(DashscopeTasks, LookingForALostCallEndsWithTheDeadlineAndWithCancel) {
  server().configure(R"({"video": {"pending_seconds": 60}})");
  const Intent intent{std::chrono::system_clock::now(), {}};
  const Request order = request("wan2.2-t2v-plus");
  submit(order);
  auto soon = call(1s);
  EXPECT_EQ(error_of([&] { backend().find(order, intent, soon); }).fault, Fault::timeout);
  auto late = call();
  std::thread stop([&] {
    g_usleep(200'000);
    cancel_.cancel();
  });
  EXPECT_EQ(error_of([&] { backend().find(order, intent, late); }).fault, Fault::cancelled);
  stop.join();
}

TEST_F(DashscopeTasks, TasksOfOtherCallsTimesAndModelsAreNotIt) {
  const Request order = request("wan2.2-t2v-plus");
  Intent intent{std::chrono::system_clock::now() - 90s, {}};
  intent.known_tasks.insert(submit(order).id);
  submit(request("wan2.5-t2v-preview"));
  EXPECT_EQ(find(order, intent).answer, Found::Answer::none);
  intent = {std::chrono::system_clock::now() + 15min, {}};
  EXPECT_EQ(find(order, intent).answer, Found::Answer::none);
  intent = {std::chrono::system_clock::now() - 25h, {}};
  EXPECT_EQ(find(order, intent).answer, Found::Answer::unknown);
}

TEST_F(DashscopeTasks, WhatIsListedLateIsFoundAtTheSecondLook) {
  const Intent intent{std::chrono::system_clock::now(), {}};
  Request other = request("wan2.2-t2v-plus"), order = other;
  other.words = "a lighthouse in a storm";
  submit(other);
  std::promise<Task> lost;
  std::thread late([&] {
    g_usleep(500'000);
    lost.set_value(submit(order));
  });
  const Found found = find(order, intent);
  late.join();
  EXPECT_EQ(found.task.id, lost.get_future().get().id);
}

TEST_F(DashscopeTasks, AllPagesOfTheListAreRead) {
  const Intent intent{std::chrono::system_clock::now(), {}};
  const Request order = request("wan2.2-t2v-plus");
  const Task lost = submit(order);
  Intent known = intent;
  for (int i = 0; i < 101; ++i)
    known.known_tasks.insert(submit(order).id);
  EXPECT_EQ(find(order, known).task.id, lost.id);
}

TEST_F(DashscopeTasks, WhatIsMadeAtOnceCannotBeFound) {
  EXPECT_EQ(find(request("qwen-image-max"), {std::chrono::system_clock::now(), {}}).answer,
            Found::Answer::unknown);
}

TEST_F(DashscopeTasks, OnlyWaitingTasksAreCancelled) {
  server().configure(R"({"video": {"pending_seconds": 60}})");
  const Request order = request("wan2.2-t2v-plus");
  auto now = call();
  const Task waiting = submit(order);
  EXPECT_TRUE(backend().cancel(waiting, now));
  EXPECT_EQ(error_of([&] { poll(waiting, order); }).fault, Fault::read);
  server().configure(R"({"video": {"pending_seconds": 0, "seconds": 60}})");
  EXPECT_FALSE(backend().cancel(submit(order), now));
  server().fail(R"([{"route": "cancel", "kind": "html", "status": 502}])");
  EXPECT_FALSE(backend().cancel(waiting, now));
}
