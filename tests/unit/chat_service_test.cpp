// SPDX-License-Identifier: LGPL-2.1-or-later
// The writers over real sockets: what they send, and what they make of every kind of answer.
#include "base/error.h"
#include "base/json.h"
#include "chat_server.h"
#include "service/deepseek/deepseek_backend.h"
#include "service/driver.h"
#include "service/openai/chat.h"
#include "service/openai/openai_backend.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

constexpr const char* kKey = "canary-key-4711";

std::string quoted(const std::string& text) {
  JsonObjectMaker maker;
  const std::string object = maker.set("t", text).text();
  return object.substr(5, object.size() - 6);
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

std::string chunk(const std::string& content, const std::string& finish = {}) {
  return event(R"({"id":"c1","choices":[{"index":0,"delta":{"content":)" + quoted(content) +
               "},\"finish_reason\":" + (finish.empty() ? "null" : quoted(finish)) + "}]}");
}

const std::string kFox =
    R"({"prompt":"A red fox in the snow.","negative_prompt":"blur","motion_prompt":"It runs.",)"
    R"("keyframe":true,"mood":"calm"})";
const std::string kUsage =
    event(R"({"id":"c1","choices":[],"usage":{"prompt_tokens":41,"completion_tokens":19,)"
          R"("prompt_tokens_details":{"cached_tokens":32}}})");
const std::string kDone = event("[DONE]");

struct ChatServiceTest : testing::Test {
  ChatServer server;
  Cancel cancel;
  std::chrono::milliseconds idle{2000};
  std::unique_ptr<ChatService> service;
  std::string name = "deepseek";

  ChatService& chat() {
    if (!service) {
      ChatDialect dialect{.service = name,
                          .base_url = server.url(),
                          .switches_thinking = name == "deepseek",
                          .has_json_mode = name == "deepseek"};
      dialect.timeouts.idle = idle;
      service = std::make_unique<ChatService>(dialect, Access{server.url(), Secret(kKey)});
    }
    return *service;
  }

  static Request request() {
    Request request;
    request.model = "deepseek-flash";
    request.script = request.words = "a red fox";
    request.style = "cinematic";
    return request;
  }

  Call call() {
    return {cancel, std::chrono::steady_clock::now() + 10s, [](int) {}, {}};
  }

  Result submit() {
    Call now = call();
    return chat().submit(request(), now);
  }

  Error failure() {
    try {
      const Result result = submit();
      ADD_FAILURE() << "gave " << result.prompt;
    } catch (const Error& error) {
      EXPECT_EQ(error.service, name);
      EXPECT_EQ(std::string(error.what()).find("canary"), std::string::npos);
      return error;
    }
    return Error(Fault::settings, "none");
  }

  std::string body_of(size_t number) {
    const std::string asked = server.asked().at(number);
    return asked.substr(asked.find("\r\n\r\n") + 4);
  }

  static void expect_fox(const Result& result) {
    EXPECT_EQ(result.prompt, "A red fox in the snow.");
    EXPECT_EQ(result.negative_prompt, "blur");
    EXPECT_EQ(result.motion_prompt, "It runs.");
    EXPECT_EQ(result.keyframe, "always");
    EXPECT_EQ(result.mood, "calm");
  }
};

TEST_F(ChatServiceTest, SendsTheContractAndReadsAStream) {
  server.say(stream_reply(": keep-alive\n\n" + chunk(kFox.substr(0, 20)) + chunk(kFox.substr(20)) +
                          chunk("", "stop") + kUsage + kDone));
  const Result result = submit();
  expect_fox(result);
  EXPECT_EQ(result.request_id, "header-id");
  EXPECT_EQ(result.seed, -1);
  EXPECT_EQ(result.usage, (Usage{.input_tokens = 41, .cached_tokens = 32, .output_tokens = 19}));
  const std::string asked = server.asked().at(0);
  EXPECT_TRUE(asked.starts_with("POST /chat/completions HTTP/1.1\r\n"));
  EXPECT_NE(asked.find(std::string("Authorization: Bearer ") + kKey), std::string::npos);
  EXPECT_NE(asked.find("Content-Type: application/json"), std::string::npos);
  const auto root = parse_json(body_of(0));
  const JsonView body(root.get());
  EXPECT_EQ(body["model"].text(), "deepseek-flash");
  EXPECT_EQ(body["thinking"]["type"].text(), "disabled");
  EXPECT_EQ(body["response_format"]["type"].text(), "json_object");
  EXPECT_TRUE(body["stream"].boolean(false));
  EXPECT_TRUE(body["stream_options"]["include_usage"].boolean(false));
  EXPECT_EQ(body["max_tokens"].integer(), 800);
  EXPECT_EQ(body["temperature"].number(), 0.7);
  EXPECT_EQ(body["top_p"].number(), 1);
  EXPECT_EQ(body["messages"].size(), 2u);
  EXPECT_EQ(body["messages"].at(0)["role"].text(), "system");
  EXPECT_NE(body["messages"].at(0)["content"].text().find("json"), std::string::npos);
  EXPECT_EQ(body["messages"].at(1)["role"].text(), "user");
}

TEST_F(ChatServiceTest, ReadsAnObjectFromAServerThatDoesNotStream) {
  server.say(http_reply(200, "application/json",
                        "\n\n{\"id\":\"c1\",\"choices\":[{\"message\":{\"content\":" +
                            quoted(kFox) + "},\"finish_reason\":\"stop\"}]}"));
  const Result result = submit();
  expect_fox(result);
  EXPECT_EQ(result.request_id, "c1");
}

TEST_F(ChatServiceTest, TakesACleanEndWithoutMark) {
  server.say(stream_reply(chunk(kFox, "stop")));
  expect_fox(submit());
  server.say(stream_reply(chunk(kFox))); // the object is whole, so nothing is missing
  expect_fox(submit());
}

TEST_F(ChatServiceTest, GivesADescriptionOrANamedErrorWhereverTheStreamEnds) {
  const std::string all = chunk(kFox.substr(0, 30)) + chunk(kFox.substr(30), "stop");
  for (size_t end = 0; end < all.size(); end += 3)
    server.say(stream_reply(all.substr(0, end)));
  int given = 0;
  for (size_t end = 0; end < all.size(); end += 3) {
    try {
      EXPECT_EQ(submit().prompt, "A red fox in the snow.");
      ++given;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, "incomplete-answer") << end;
      EXPECT_TRUE(error.unclear && !error.retry) << end << ": the words may be paid for";
    }
  }
  EXPECT_GE(given, 1);
}

TEST_F(ChatServiceTest, KeepsAWholeDescriptionOfAStreamThatStalls) {
  idle = 100ms;
  server.say(stream_reply(chunk(kFox), true));
  expect_fox(submit());
}

TEST_F(ChatServiceTest, ReportsAStall) {
  idle = 100ms;
  server.say(stream_reply(chunk(kFox.substr(0, 20)), true));
  const Error error = failure();
  EXPECT_EQ(error.fault, Fault::timeout);
  EXPECT_TRUE(error.unclear);
  EXPECT_EQ(server.asked().size(), 1u);
}

TEST_F(ChatServiceTest, ReportsAnAnswerBrokenOff) {
  server.say(stream_reply(chunk(R"({"prompt":"A red)")));
  const Error error = failure();
  EXPECT_EQ(error.code, "incomplete-answer");
  EXPECT_TRUE(error.unclear);
  EXPECT_FALSE(error.retry);
}

TEST_F(ChatServiceTest, IsCancelledWithinTheStream) {
  server.say(stream_reply(": keep-alive\n\n", true));
  std::thread stopper([&] {
    while (server.asked().empty())
      std::this_thread::yield();
    cancel.cancel();
  });
  try {
    submit();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled);
  }
  stopper.join();
}

TEST_F(ChatServiceTest, TakesWhatATruncatedAnswerHas) {
  server.say(stream_reply(chunk(R"({"prompt":"A red fox in the snow. The li)", "length") + kDone));
  EXPECT_EQ(submit().prompt, "A red fox in the snow.");
  server.say(stream_reply(chunk(R"({"prompt":"A red fox stands in the sn)", "length") + kDone));
  EXPECT_EQ(submit().prompt, "A red fox stands in the") << "cut back once";
}

TEST_F(ChatServiceTest, TakesProse) {
  server.say(stream_reply(chunk("A red fox in the snow, low light.", "stop") + kDone));
  EXPECT_EQ(submit().prompt, "A red fox in the snow, low light.");
}

TEST_F(ChatServiceTest, AsksForOneMoreTryOfABlankAnswer) {
  for (int i = 0; i < 3; ++i)
    server.say(stream_reply(chunk(" \n", i == 2 ? "length" : "stop") + kDone));
  const Error first = failure();
  EXPECT_EQ(first.fault, Fault::format);
  EXPECT_EQ(first.code, "blank-answer");
  EXPECT_TRUE(first.retry);
  EXPECT_FALSE(failure().retry) << "each try is paid for";
  const Error later = failure();
  EXPECT_TRUE(later.retry) << "a new order";
  EXPECT_EQ(later.remedy, "raise max-tokens");
  EXPECT_EQ(later.request_id, "c1");
}

TEST_F(ChatServiceTest, TellsModerationAndOverload) {
  server.say(stream_reply(chunk(kFox, "content_filter") + kDone));
  EXPECT_EQ(failure().fault, Fault::moderation);
  server.say(stream_reply(
      event(R"({"id":"c1","choices":[{"delta":{"refusal":"I can't."},"finish_reason":"stop"}]})")));
  EXPECT_EQ(failure().fault, Fault::moderation);
  for (const char* finish : {"insufficient_system_resource", "aborted"}) {
    server.say(stream_reply(chunk(R"({"prompt":"A r)", finish) + kDone));
    const Error error = failure();
    EXPECT_EQ(error.code, finish);
    EXPECT_TRUE(error.retry);
  }
  server.say(stream_reply(event(R"({"error":{"message":"busy","code":"server_error"}})")));
  EXPECT_TRUE(failure().retry);
  server.say(stream_reply(chunk(kFox) + event(R"({"error":{"code":"server_error"}})")));
  expect_fox(submit());
}

TEST_F(ChatServiceTest, TellsRefusals) {
  server.say(
      http_reply(401, "application/json",
                 R"({"error":{"message":"bad key canary-key-4711","code":"invalid_api_key"}})"));
  EXPECT_EQ(failure().fault, Fault::not_authorized);
  server.say(
      http_reply(402, "application/json", R"({"error":{"message":"Insufficient Balance"}})"));
  EXPECT_EQ(failure().fault, Fault::no_funds);
  server.say(http_reply(429, "application/json", "{}", "Retry-After: 3\r\n"));
  EXPECT_EQ(failure().retry_after, 3s);
  server.say(http_reply(422, "application/json", R"({"error":{"message":"bad"}})"));
  EXPECT_EQ(failure().fault, Fault::settings);
  server.say(http_reply(200, "text/html", "<html>log in</html>"));
  EXPECT_EQ(failure().fault, Fault::format);
  EXPECT_EQ(server.asked().size(), 5u) << "no refused call of a known service is put again";
}

TEST_F(ChatServiceTest, PutsARefusedCallOnceMoreInPlainerForm) {
  name = "openai";
  server.say(
      http_reply(400, "application/json", R"({"error":"response_format is not supported"})"));
  server.say(stream_reply(chunk(kFox, "stop") + kDone));
  server.say(stream_reply(chunk(kFox, "stop") + kDone));
  expect_fox(submit());
  expect_fox(submit());
  ASSERT_EQ(server.asked().size(), 3u) << "what was refused is remembered";
  for (size_t i = 0; i < 3; ++i) {
    const auto root = parse_json(body_of(i));
    const JsonView body(root.get());
    EXPECT_EQ(body["response_format"].exists(), i == 0);
    EXPECT_EQ(body["stream_options"].exists(), i == 0);
    EXPECT_FALSE(body["thinking"].exists()) << "other servers may refuse it";
  }
}

TEST_F(ChatServiceTest, RenamesALimitThatIsRefusedAndLeavesDefaultsOut) {
  name = "openai";
  server.say(http_reply(400, "application/json",
                        R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not )"
                        R"(supported with this model. Use 'max_completion_tokens' instead."}})"));
  server.say(http_reply(400, "application/json",
                        R"({"error":{"message":"Unsupported value: 'temperature'"}})"));
  for (int i = 0; i < 2; ++i)
    server.say(stream_reply(chunk(kFox, "stop") + kDone));
  expect_fox(submit());
  Request warm = request();
  warm.temperature = 1;
  Call now = call();
  expect_fox(chat().submit(warm, now));
  ASSERT_EQ(server.asked().size(), 4u) << "what was refused is remembered";
  for (size_t i = 0; i < 4; ++i) {
    const auto root = parse_json(body_of(i));
    const JsonView body(root.get());
    EXPECT_EQ(body["max_tokens"].exists(), i == 0) << i;
    EXPECT_EQ(body["max_completion_tokens"].exists(), i > 0) << i;
    EXPECT_EQ(body["response_format"].exists(), i < 2) << i;
    EXPECT_EQ(body["top_p"].exists(), i < 2) << i;
    EXPECT_EQ(body["temperature"].exists(), i != 2) << i;
  }
}

TEST_F(ChatServiceTest, ReportsWhatIsRefusedInPlainFormToo) {
  name = "openai";
  for (int i = 0; i < 2; ++i)
    server.say(http_reply(422, "application/json", R"({"detail":"temperature is too high"})"));
  EXPECT_NE(std::string(failure().what()).find("temperature"), std::string::npos);
  EXPECT_EQ(server.asked().size(), 2u);
}

TEST_F(ChatServiceTest, KeepsTheUsersWords) {
  server.say(stream_reply(chunk(R"({"prompt":"A fox."})", "stop") + kDone));
  Request named = request();
  named.script = named.words = "Anna and a red fox";
  Call now = call();
  EXPECT_EQ(chat().submit(named, now).prompt, "Anna and a red fox. A fox.");
}

TEST(CompatibleMode, StandsBesideTheApi) {
  EXPECT_EQ(compatible_base_url("https://dashscope.aliyuncs.com/api/v1"),
            "https://dashscope.aliyuncs.com/compatible-mode/v1");
  EXPECT_EQ(compatible_base_url("http://h/compatible-mode/v1"), "http://h/compatible-mode/v1");
}

TEST(Deepseek, KnowsItsModels) {
  const auto backend = make_deepseek({kDeepseekUrl, Secret("k")});
  EXPECT_EQ(backend->endpoint().host, "api.deepseek.com");
  EXPECT_STREQ(find_model(*backend, Role::words, "").name, "deepseek-flash");
  EXPECT_EQ(find_model(*backend, Role::words, "deepseek-v4-pro").pace.concurrent, 500u);
  const Model& next = find_model(*backend, Role::words, "deepseek-v9");
  EXPECT_STREQ(next.name, "deepseek-v9");
  EXPECT_EQ(&next, &find_model(*backend, Role::words, "deepseek-v9"));
  EXPECT_THROW(find_model(*backend, Role::picture, "deepseek-v9"), Error);
  for (const char* retired : {"deepseek-chat", "deepseek-reasoner"}) {
    try {
      find_model(*backend, Role::words, retired);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::settings);
      EXPECT_NE(std::string(error.what()).find("2026-07-24"), std::string::npos);
      EXPECT_NE(error.remedy.find("deepseek-flash"), std::string::npos);
    }
  }
}

struct OpenaiTest : ChatServiceTest {
  std::shared_ptr<Backend> backend = make_openai({server.url() + "/v1", {}});

  Result submit(const std::string& model) {
    Request request = ChatServiceTest::request();
    request.model = find_model(*backend, Role::words, model).name;
    Call now = call();
    return std::get<Result>(backend->submit(request, now));
  }
};

TEST_F(OpenaiTest, SendsNoKeyWhereThereIsNone) {
  server.say(stream_reply(chunk(kFox, "stop") + kDone));
  expect_fox(submit("llama"));
  const std::string asked = server.asked().at(0);
  EXPECT_TRUE(asked.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_EQ(asked.find("Authorization"), std::string::npos);
  EXPECT_NE(edition_of(*backend).find("127.0.0.1:"), std::string::npos);
}

TEST_F(OpenaiTest, TakesTheOnlyModelOfAServer) {
  server.say(http_reply(200, "application/json", R"({"data":[{"id":"llama-3"}]})"));
  for (int i = 0; i < 2; ++i)
    server.say(stream_reply(chunk(kFox, "stop") + kDone));
  expect_fox(submit(""));
  expect_fox(submit(""));
  ASSERT_EQ(server.asked().size(), 3u) << "the list is asked for once";
  EXPECT_TRUE(server.asked().at(0).starts_with("GET /v1/models HTTP/1.1\r\n"));
  EXPECT_NE(body_of(2).find("\"model\":\"llama-3\""), std::string::npos);
}

TEST_F(OpenaiTest, WantsANameWhereThereAreMoreModels) {
  server.say(http_reply(200, "application/json", R"({"data":[{"id":"a"},{"id":"b"}]})"));
  server.say(http_reply(404, "text/html", "no"));
  server.say(http_reply(401, "text/html", "no"));
  const auto failure = [&] {
    try {
      submit("");
    } catch (const Error& error) {
      return error;
    }
    return Error(Fault::write, "none");
  };
  const Error several = failure();
  EXPECT_EQ(several.fault, Fault::settings);
  EXPECT_NE(several.remedy.find("a, b"), std::string::npos);
  EXPECT_EQ(failure().fault, Fault::settings);
  EXPECT_EQ(failure().fault, Fault::not_authorized);
}

} // namespace
