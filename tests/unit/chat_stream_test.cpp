// SPDX-License-Identifier: LGPL-2.1-or-later
// A chat answer put together from pieces, cut anywhere.
#include "base/error.h"
#include "service/openai/chat_stream.h"

#include <gtest/gtest.h>
#include <optional>

using namespace aigc;

namespace {

std::string event(const std::string& data, const std::string& newline = "\n") {
  return "data: " + data + newline + newline;
}

std::string chunk(const std::string& content, const std::string& rest = {}) {
  return R"({"id":"c1","choices":[{"index":0,"delta":{"content":")" + content + "\"}" + rest +
         "}]}";
}

const std::string kUsage =
    R"("usage":{"prompt_tokens":41,"completion_tokens":19,"prompt_cache_hit_tokens":32})";

/// A queue, a role, words with characters of two to four bytes, usage, the end mark.
std::string sample(const std::string& newline) {
  return newline + ": keep-alive" + newline + newline + newline +
         event(R"({"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":null,)"
               R"("reasoning_content":"hm"},"finish_reason":null}],"usage":null})",
               newline) +
         event(chunk("狐é"), newline) + ": keep-alive" + newline + newline +
         event(chunk("🦊 \\u72d0"), newline) +
         event(chunk("", R"(,"finish_reason":"stop")"), newline) +
         event(R"({"id":"c1","choices":[],)" + kUsage + "}", newline) + event("[DONE]", newline);
}

struct Read {
  ChatAnswer answer;
  std::optional<Error> error;
};

Read read(const std::vector<std::string>& pieces) {
  ChatReader reader("s");
  Read read;
  try {
    bool more = true;
    for (size_t i = 0; i < pieces.size() && more; ++i)
      more = reader.push(pieces[i]);
    if (!reader.answer().done) reader.finish();
  } catch (const Error& error) {
    read.error = error;
  }
  read.answer = reader.answer();
  return read;
}

void expect_sample(const Read& read) {
  ASSERT_FALSE(read.error) << read.error->what();
  EXPECT_EQ(read.answer.content, "狐é🦊 狐");
  EXPECT_EQ(read.answer.finish, "stop");
  EXPECT_EQ(read.answer.id, "c1");
  EXPECT_EQ(read.answer.usage,
            (Usage{.input_tokens = 41, .cached_tokens = 32, .output_tokens = 19}));
  EXPECT_TRUE(read.answer.done);
}

TEST(ChatReader, ReadsAStreamCutAnywhere) {
  for (const char* newline : {"\n", "\r\n"}) {
    const std::string all = sample(newline);
    expect_sample(read({all}));
    for (size_t cut = 0; cut <= all.size(); ++cut)
      expect_sample(read({all.substr(0, cut), all.substr(cut)}));
    std::vector<std::string> bytes;
    for (const char c : all)
      bytes.emplace_back(1, c);
    expect_sample(read(bytes));
  }
}

TEST(ChatReader, GivesWhatCameWhereverItEnds) {
  const std::string all = sample("\n");
  for (size_t end = 0; end < all.size(); ++end) {
    const Read part = read({all.substr(0, end)});
    EXPECT_TRUE(std::string("狐é🦊 狐").starts_with(part.answer.content)) << end;
    EXPECT_FALSE(part.error) << end;
  }
}

TEST(ChatReader, TakesUsageFromTheLastContentChunk) {
  const Read read_one = read({event(R"({"id":"c1","choices":[{"delta":{"content":"a"},)"
                                    R"("finish_reason":"stop"}],)" +
                                    kUsage + "}")});
  EXPECT_EQ(read_one.answer.usage.output_tokens, 19);
  const Read other =
      read({event(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":-1,)"
                  R"("prompt_tokens_details":{"cached_tokens":50}}})") +
            event(chunk("a"))});
  EXPECT_EQ(other.answer.usage, (Usage{.input_tokens = 9, .cached_tokens = 9}));
}

TEST(ChatReader, TakesOneObjectInsteadOfAStream) {
  const std::string object = R"({"id":"c1","object":"chat.completion","choices":[{"index":0,)"
                             R"("message":{"role":"assistant","content":"狐é🦊 狐"},)"
                             R"("finish_reason":"stop"}],)" +
                             kUsage + "}";
  for (const std::string& lead : {std::string(), std::string("\n\n\r\n  ")}) {
    const std::string all = lead + object;
    for (size_t cut = 0; cut <= all.size(); ++cut)
      expect_sample(read({all.substr(0, cut), all.substr(cut)}));
    EXPECT_TRUE(read({all.substr(0, all.size() - 1)}).error);
  }
}

TEST(ChatReader, TakesPartsAndLeavesOtherChoices) {
  const Read parts =
      read({event(R"({"id":"c","choices":[{"index":1,"delta":{"content":"no"}},{"index":0,)"
                  R"("delta":{"content":[{"type":"text","text":"a"},"b",{"x":1}]}}]})")});
  EXPECT_EQ(parts.answer.content, "ab");
  EXPECT_EQ(parts.answer.finish, "");
  EXPECT_FALSE(parts.answer.done);
}

TEST(ChatReader, StopsAtTheEndMark) {
  const Read stopped = read({event(chunk("a")) + "data:[DONE]\n\n" + event(chunk("b"))});
  EXPECT_EQ(stopped.answer.content, "a");
  EXPECT_TRUE(stopped.answer.done);
}

TEST(ChatReader, TakesALastEventWithoutBlankLine) {
  EXPECT_EQ(read({event(chunk("a")) + "data: " + chunk("b")}).answer.content, "ab");
}

TEST(ChatReader, ThrowsTheErrorInAStream) {
  const auto error = [](const std::string& data) {
    const Read failed = read({event(chunk("a")) + data});
    EXPECT_TRUE(failed.error) << data;
    return failed.error.value_or(Error(Fault::settings, ""));
  };
  const Error plain = error(event(R"({"error":{"message":"overloaded","code":"server_error"}})"));
  EXPECT_EQ(plain.fault, Fault::read);
  EXPECT_EQ(plain.code, "server_error");
  EXPECT_TRUE(plain.retry);
  EXPECT_TRUE(plain.unclear) << "words had come";
  EXPECT_EQ(
      error(event(R"({"code":"DataInspectionFailed","message":"no","request_id":"r"})")).fault,
      Fault::moderation);
  EXPECT_EQ(error("event: error\n" + event(R"({"message":"bad"})")).fault, Fault::read);
  EXPECT_FALSE(read({event(R"({"error":{"code":"server_error"}})")}).error->unclear);
}

TEST(ChatReader, RefusesWhatIsNoChat) {
  for (const std::string body : {"<html>hello</html>", "{}", R"({"choices":{}})", "{\"choices\":[",
                                 "hello", "data: {\"choices\":\n\ndata: {}\n\n"}) {
    const Read refused = read({body});
    ASSERT_TRUE(refused.error) << body;
    EXPECT_EQ(refused.error->fault, Fault::format) << body;
    EXPECT_EQ(std::string(refused.error->what()).find("hello"), std::string::npos);
  }
}

TEST(ChatReader, LeavesAStreamThatEndedEarlyOpen) {
  for (const std::string body : {"", "\n\n", ": keep-alive\n\n", "data: {\"id\":\"c", "da"}) {
    const Read early = read({body});
    ASSERT_FALSE(early.error) << body;
    EXPECT_FALSE(early.answer.done);
    EXPECT_EQ(early.answer.finish, "");
  }
}

TEST(ChatReader, IsBounded) {
  ChatReader reader("s");
  const std::string piece = event(chunk(std::string(60'000, 'x')));
  EXPECT_THROW(for (int i = 0; i < 10; ++i) reader.push(piece), Error);
  ChatReader deep("s");
  EXPECT_THROW(deep.push(event("{\"a\":" + std::string(100'000, '['))), Error);
  ChatReader lineless("s");
  const std::string dots = "data: " + std::string(1 << 20, '.');
  EXPECT_THROW(for (int i = 0; i < 10; ++i) lineless.push(dots), Error);
}

TEST(ChatReader, KeepsHostileTextValid) {
  for (const char* text : {"\\ud800", "\\udc00a", "\\u0000a", "\\ud83e\\udd8a", "\\uDBFF\\uD800"}) {
    const Read hostile = read({event(chunk(text)) + event(chunk("b"))});
    EXPECT_TRUE(hostile.error || hostile.answer.content.ends_with("b")) << text;
    EXPECT_TRUE(g_utf8_validate(hostile.answer.content.c_str(), -1, nullptr)) << text;
  }
  const Read invalid = read({event(chunk("\xff"))});
  EXPECT_TRUE(invalid.error);
}

} // namespace
