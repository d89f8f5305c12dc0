// SPDX-License-Identifier: LGPL-2.1-or-later
// The writers against the stand-in: the happy path in every form it streams, and each of its
// faults.
#include "../standin.h"
#include "base/error.h"
#include "service/deepseek/deepseek_backend.h"
#include "service/openai/openai_backend.h"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <thread>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr const char* kKey = "sk-standin";

struct ChatStandin : testing::Test {
  /// One for all tests; null where none is named.
  static Standin* server() {
    static const auto server =
        g_getenv("AIGC_STANDIN") ? std::make_unique<Standin>() : std::unique_ptr<Standin>();
    return server.get();
  }

  void SetUp() override {
    ASSERT_TRUE(server()) << "AIGC_STANDIN does not name the stand-in";
    server()->reset();
  }

  static Request request(const std::string& words = "a red fox beside \"Gate 7\"") {
    Request request;
    request.model = "deepseek-flash";
    request.script = request.words = words;
    request.style = "cinematic";
    request.language = "auto";
    return request;
  }

  Result submit(const Request& request, const std::string& key = kKey) {
    const auto backend = make_deepseek({server()->address("deepseek"), Secret(key)});
    Call call{cancel, std::chrono::steady_clock::now() + limit, [](int) {}, {}, {}, {}};
    return std::get<Result>(backend->submit(request, call));
  }

  std::optional<Error> failure(const std::string& fault = {}) {
    if (!fault.empty()) server()->fail("[{\"route\": \"chat\", " + fault + "}]");
    try {
      submit(request());
      return std::nullopt;
    } catch (const Error& error) {
      return error;
    }
  }

  static gint64 count(const Ref<JsonNode>& list) {
    return JsonView(list.get())["count"].integer().value_or(-1);
  }

  Cancel cancel;
  std::chrono::milliseconds limit = 10s;
};

void expect_fox(const Result& result) {
  EXPECT_TRUE(result.prompt.starts_with("a red fox beside \"Gate 7\", golden side light"))
      << result.prompt;
  EXPECT_TRUE(result.motion_prompt.starts_with("slow push-in"));
  EXPECT_FALSE(result.negative_prompt.empty());
  EXPECT_EQ(result.keyframe, "always");
  EXPECT_FALSE(result.mood.empty());
  EXPECT_FALSE(result.request_id.empty());
  EXPECT_GT(result.usage.input_tokens, 100);
  EXPECT_GT(result.usage.output_tokens, 10);
}

TEST_F(ChatStandin, WritesInEveryFormOfStream) {
  for (const char* form :
       {"{}", R"({"chunk_bytes": 1, "newline": "crlf"})",
        R"({"chunk_bytes": 7, "keepalive_comments": 3, "leading_blank_lines": 4})",
        R"({"done_marker": false, "keepalive_comments": 2, "newline": "crlf"})"}) {
    server()->reset();
    server()->configure(std::string("{\"chat\": ") + form + "}");
    expect_fox(submit(request()));
    EXPECT_EQ(count(server()->billed()), 1) << form;
  }
  const Result chinese = submit(request("一位穿汉服的女孩弹古筝"));
  EXPECT_TRUE(chinese.prompt.starts_with("一位穿汉服的女孩弹古筝，清晨的侧光")) << chinese.prompt;
}

TEST_F(ChatStandin, WritesThroughAnOpenaiServer) {
  const auto backend = make_openai({server()->address("openai"), Secret(kKey)});
  Call call{cancel, std::chrono::steady_clock::now() + 10s, [](int) {}, {}, {}, {}};
  expect_fox(std::get<Result>(backend->submit(request(), call)));
}

TEST_F(ChatStandin, TakesEverySettingTheServiceTakes) {
  Request extreme = request();
  extreme.temperature = 2;
  extreme.top_p = 0;
  extreme.max_tokens = 393216;
  extreme.system_prompt = "Write haiku.";
  for (const char* model : {"deepseek-flash", "deepseek-v4-pro", "deepseek-v4-flash"}) {
    extreme.model = model;
    expect_fox(submit(extreme));
  }
}

TEST_F(ChatStandin, RefusesWhatTheServiceRefuses) {
  const auto refused = [&](const Request& request, const std::string& key = kKey) {
    try {
      submit(request, key);
    } catch (const Error& error) {
      return error;
    }
    return Error(Fault::write, "nothing was refused");
  };
  const Error key = refused(request(), "sk-wrong-canary");
  EXPECT_EQ(key.fault, Fault::not_authorized);
  EXPECT_EQ(std::string(key.what()).find("canary"), std::string::npos);
  Request hot = request();
  hot.temperature = 3;
  const Error range = refused(hot);
  EXPECT_EQ(range.fault, Fault::settings);
  EXPECT_NE(std::string(range.what()).find("temperature"), std::string::npos);
  Request old = request();
  old.model = "deepseek-reasoner";
  EXPECT_NE(std::string(refused(old).what()).find("retired"), std::string::npos);
  EXPECT_EQ(count(server()->billed()), 0);
}

struct Refused {
  const char* fault;
  Fault expected;
  bool retry;
  bool unclear = false;
};

TEST_F(ChatStandin, NamesEveryRefusal) {
  const Refused rows[] = {
      {R"("kind": "status", "status": 400)", Fault::settings, false},
      {R"("kind": "status", "status": 401)", Fault::not_authorized, false},
      {R"("kind": "status", "status": 402)", Fault::no_funds, false},
      {R"("kind": "status", "status": 403)", Fault::not_authorized, false},
      {R"("kind": "status", "status": 404)", Fault::not_found, false},
      {R"("kind": "status", "status": 408)", Fault::timeout, true},
      {R"("kind": "status", "status": 413)", Fault::settings, false},
      {R"("kind": "status", "status": 422)", Fault::settings, false},
      {R"("kind": "status", "status": 429)", Fault::read, true},
      {R"("kind": "status", "status": 429, "retry_after": 2)", Fault::read, true},
      {R"("kind": "status", "status": 429, "code": "insufficient_quota")", Fault::no_funds, false},
      {R"("kind": "status", "status": 500)", Fault::read, true},
      {R"("kind": "status", "status": 503)", Fault::read, true},
      {R"("kind": "status", "status": 400, "code": "data_inspection_failed")", Fault::moderation,
       false},
      {R"("kind": "html")", Fault::read, true, true},
      {R"("kind": "html", "status": 504)", Fault::timeout, true, true},
  };
  for (const Refused& row : rows) {
    const auto error = failure(row.fault);
    ASSERT_TRUE(error) << row.fault;
    EXPECT_EQ(error->fault, row.expected) << row.fault << ": " << error->what();
    EXPECT_EQ(error->retry, row.retry) << row.fault;
    EXPECT_EQ(error->unclear, row.unclear) << row.fault;
    EXPECT_EQ(error->service, "deepseek");
    EXPECT_EQ(std::string(error->what()).find("<html>"), std::string::npos);
  }
  EXPECT_EQ(failure(R"("kind": "status", "status": 429, "retry_after": 2)")->retry_after, 2s);
  EXPECT_EQ(count(server()->billed()), 0);
}

TEST_F(ChatStandin, NamesEveryAccident) {
  limit = 300ms;
  for (const char* fault :
       {R"("kind": "close-before-headers")", R"("kind": "hang-before-headers")",
        R"("kind": "accept-then-hang")", R"("kind": "accept-then-close")",
        R"("kind": "hang-in-headers")", R"("kind": "hang-in-body", "after_bytes": 40)",
        R"("kind": "slow-drip")", R"("kind": "truncate", "after_bytes": 300)",
        R"("kind": "stall-in-stream")"}) {
    const auto error = failure(fault);
    ASSERT_TRUE(error) << fault;
    EXPECT_TRUE(error->unclear) << fault << ": " << error->what();
    EXPECT_FALSE(error->retry) << fault << ": " << error->what();
    EXPECT_EQ(error->service, "deepseek") << fault;
  }
}

TEST_F(ChatStandin, NamesAnswersThatAreNone) {
  struct {
    const char* fault;
    Fault expected;
    const char* code;
    bool retry;
  } const rows[] = {
      {R"("kind": "content-filter")", Fault::moderation, "content_filter", false},
      {R"("kind": "insufficient-resource")", Fault::read, "insufficient_system_resource", true},
      {R"("kind": "error-in-stream")", Fault::read, "internal_error", true},
      {R"("kind": "blank-content")", Fault::format, "blank-answer", true},
      {R"("kind": "top-level-code")", Fault::read, "InternalError.Algo", true},
      {R"("kind": "redirect", "to": "results")", Fault::settings, "", false},
      {R"("kind": "redirect", "to": "same")", Fault::settings, "", false},
  };
  // The prompt comes last, so that the first half of the answer is of no use.
  server()->configure(R"({"chat": {"content": "{\"motion_prompt\": \"a slow push-in through deep )"
                      R"(snow\", \"prompt\": \"a red fox at Gate 7\"}"}})");
  for (const auto& row : rows) {
    const auto error = failure(row.fault);
    ASSERT_TRUE(error) << row.fault;
    EXPECT_EQ(error->fault, row.expected) << row.fault << ": " << error->what();
    EXPECT_EQ(error->code, row.code) << row.fault;
    EXPECT_EQ(error->retry, row.retry) << row.fault;
    EXPECT_EQ(error->service, "deepseek") << row.fault;
  }
}

TEST_F(ChatStandin, MakesTheBestOfOddAnswers) {
  for (const char* fault :
       {R"("kind": "plain-text-content")", R"("kind": "truncated-content")",
        R"("kind": "wrong-type")", R"("kind": "wrong-length", "length": 99999)"}) {
    const auto error = failure(fault);
    EXPECT_FALSE(error) << fault << ": " << error->what();
  }
  EXPECT_EQ(count(server()->billed()), 4);
}

TEST_F(ChatStandin, GivesUpWhenCancelled) {
  server()->fail(R"([{"route": "chat", "kind": "stall-in-stream"}])");
  std::thread stopper([&] {
    while (count(server()->calls()) == 0)
      std::this_thread::yield();
    cancel.cancel();
  });
  const auto error = failure();
  stopper.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault, Fault::cancelled);
}

} // namespace
