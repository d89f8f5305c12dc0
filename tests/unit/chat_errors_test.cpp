// SPDX-License-Identifier: LGPL-2.1-or-later
// What services say when they refuse, as an Error.
#include "service/http_error.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

HttpResponse response(int status, const std::string& body, std::vector<HttpHeader> headers = {}) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = body;
  return response;
}

std::string openai_body(const std::string& code, const std::string& message = "no") {
  return R"({"error":{"message":")" + message + R"(","type":"t","param":null,"code":")" + code +
         "\"}}";
}

std::string native_body(const std::string& code) {
  return R"({"request_id":"r-9","code":")" + code + R"(","message":"no"})";
}

struct Row {
  int status;
  std::string body;
  Fault fault;
  bool retry;
  bool unclear = false;
};

TEST(HttpError, FollowsTheTable) {
  const std::string html = "<html><body>502 Bad Gateway</body></html>";
  const Row rows[] = {
      {400, openai_body("invalid_request_error"), Fault::settings, false},
      {401, openai_body("authentication_error"), Fault::not_authorized, false},
      {401, openai_body("invalid_request_error"), Fault::not_authorized, false},
      {401, "", Fault::not_authorized, false},
      {402, openai_body("invalid_request_error", "Insufficient Balance"), Fault::no_funds, false},
      {403, "", Fault::not_authorized, false},
      {404, "", Fault::not_found, false},
      {404, openai_body("model_not_found"), Fault::not_found, false},
      {408, "", Fault::timeout, true},
      {409, "", Fault::read, false},
      {413, html, Fault::settings, false},
      {422, openai_body("invalid_request_error"), Fault::settings, false},
      {429, "", Fault::read, true},
      {429, openai_body("rate_limit_exceeded"), Fault::read, true},
      {429, openai_body("insufficient_quota"), Fault::no_funds, false},
      {500, "", Fault::read, true},
      {502, html, Fault::read, true, true},
      {502, openai_body("bad_gateway"), Fault::read, true},
      {503, html, Fault::read, true},
      {504, html, Fault::timeout, true, true},
      {302, "", Fault::settings, false},
      {400, native_body("InvalidParameter"), Fault::settings, false},
      {400, native_body("InvalidParameter.DataInspection"), Fault::settings, false},
      {400, native_body("DataInspectionFailed"), Fault::moderation, false},
      {400, openai_body("data_inspection_failed"), Fault::moderation, false},
      {400, native_body("Arrearage"), Fault::no_funds, false},
      {400, native_body("IPInfringementSuspect"), Fault::moderation, false},
      {400, native_body("CustomRoleBlocked"), Fault::moderation, false},
      {400, openai_body("content_filter"), Fault::moderation, false},
      {401, native_body("InvalidApiKey"), Fault::not_authorized, false},
      {403, native_body("AccessDenied.Unpurchased"), Fault::not_authorized, false},
      {403, native_body("AllocationQuota.FreeTierOnly"), Fault::no_funds, false},
      {404, native_body("ModelNotFound"), Fault::not_found, false},
      {429, native_body("Throttling"), Fault::read, true},
      {429, native_body("Throttling.RateQuota"), Fault::read, true},
      {429, native_body("Throttling.BurstRate"), Fault::read, true},
      {429, native_body("Throttling.AllocationQuota"), Fault::no_funds, false},
      {429, native_body("PrepaidBillOverdue"), Fault::no_funds, false},
      {429, native_body("PostpaidBillOverdue"), Fault::no_funds, false},
      {429, native_body("CommodityNotPurchased"), Fault::no_funds, false},
      {500, native_body("RequestTimeOut"), Fault::timeout, true},
      {500, native_body("InternalError.Timeout"), Fault::timeout, true},
      {500, native_body("InternalError.Algo"), Fault::read, true},
      {503, native_body("ModelUnavailable"), Fault::read, true},
      {200, native_body("DataInspectionFailed"), Fault::moderation, false},
      {200, native_body("InternalError"), Fault::read, true},
      {200, native_body("SomethingNew"), Fault::read, false},
      {200, R"({"error":{"message":"upstream","code":502}})", Fault::read, true},
  };
  for (const Row& row : rows) {
    const Error error = http_error("dashscope", response(row.status, row.body));
    const std::string what = std::to_string(row.status) + " " + row.body;
    EXPECT_EQ(error.fault, row.fault) << what;
    EXPECT_EQ(error.retry, row.retry) << what;
    EXPECT_EQ(error.unclear, row.unclear) << what;
    EXPECT_EQ(error.service, "dashscope");
    EXPECT_FALSE(error.remedy.empty()) << what;
  }
}

TEST(HttpError, SaysWhoWhatAndWhich) {
  const Error error =
      http_error("deepseek", response(401, openai_body("invalid_api_key", "Bad key"),
                                      {{"X-Request-Id", "abc-1"}}));
  EXPECT_STREQ(error.what(), "deepseek refused the key (HTTP 401, invalid_api_key): Bad key");
  EXPECT_EQ(error.code, "invalid_api_key");
  EXPECT_EQ(error.http_status, 401);
  EXPECT_EQ(error.request_id, "abc-1");
}

TEST(HttpError, ReadsEveryShapeOfBody) {
  const auto said = [](const std::string& body) {
    return std::string(http_error("s", response(400, body)).what());
  };
  EXPECT_TRUE(said(R"({"detail":"no such size"})").ends_with(": no such size"));
  EXPECT_TRUE(said(R"({"detail":[{"loc":["body","size",0],"msg":"bad","type":"t"}]})")
                  .ends_with(": body.size.0: bad"));
  EXPECT_TRUE(said(R"({"error":"queue full"})").ends_with(": queue full"));
  EXPECT_TRUE(said(R"({"object":"error","message":"flat","code":400})").ends_with(": flat"));
  EXPECT_EQ(said("<html>secret page</html>").find("secret"), std::string::npos);
  EXPECT_EQ(said("[1,2]"), "s refused the request (HTTP 400)");
  EXPECT_EQ(http_error("s", response(400, native_body("X"))).request_id, "r-9");
}

TEST(HttpError, TakesRetryAfter) {
  EXPECT_EQ(http_error("s", response(429, "", {{"Retry-After", "7"}})).retry_after, 7s);
  EXPECT_EQ(http_error("s", response(429, "")).retry_after, 0s);
}

TEST(HttpError, ShowsNoKey) {
  const Secret key("canary4711");
  const std::string body = openai_body(
      "canary4711", "key canary4711, sk-abcdef123456, api key: ****3f2a, Bearer tok.en, "
                    "http://x/y?Signature=zzz&q=1 0123456789abcdef0123456789abcdef");
  const Error error = http_error("s", response(401, body, {{"x-request-id", "canary4711"}}), key);
  for (const std::string& text : {std::string(error.what()), error.code, error.request_id})
    for (const char* secret : {"canary", "abcdef1", "3f2a", "Signature", "zzz", "456789", "tok"})
      EXPECT_EQ(text.find(secret), std::string::npos) << text << " shows " << secret;
  EXPECT_NE(std::string(error.what()).find("http://x/y"), std::string::npos);
}

TEST(HttpError, IsBoundedAndPrintable) {
  std::string wide;
  while (wide.size() < 100'000)
    wide += "错误";
  const Error error = http_error(
      "s", response(400, openai_body(std::string(5000, 'c'), wide + "\\u0000\\u001b[31m\\n")));
  EXPECT_LT(std::string(error.what()).size(), 900u);
  EXPECT_EQ(error.code.size(), 64u);
  EXPECT_EQ(printable_excerpt("a\x1b[31m\n\n b\xff", 100), "a [31m b\xef\xbf\xbd");
  EXPECT_EQ(printable_excerpt("abcdef", 3), "abc…");
  EXPECT_EQ(printable_excerpt("abc", 3), "abc");
}

} // namespace

TEST(ServiceText, NoPartOfAKeyStaysWhereATokenIsCut) {
  const Secret key("key-of-twenty-letters");
  const std::string token = printable_token("0123456789" + key.reveal(), 16, key);
  EXPECT_EQ(token, "0123456789***");
}
