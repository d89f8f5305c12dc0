// SPDX-License-Identifier: LGPL-2.1-or-later
// Bad weather: what each failure of a service looks like to an application, and what it costs.
#include "fault/weather.h"

#include <ostream>

namespace {

enum class Ends { error, film };

/// One row of the table: a fault, and all that may come of it.
struct Weather {
  const char* name;
  Stage stage;
  const char* fault; ///< the stand-in's own words
  Ends ends;
  const char* says;   ///< a part of the error, for people
  GQuark (*domain)(); ///< of the error
  int code;
  const char* service_code;
  int http_status;
  size_t creates; ///< orders that were sent
  size_t billed;  ///< of those, what the service billed
  const char* properties = "";
};

void PrintTo(const Weather& weather, std::ostream* out) {
  *out << weather.name;
}

constexpr auto resource = gst_resource_error_quark;
constexpr auto stream = gst_stream_error_quark;

#define STATUS(route, status, code)                                                                \
  R"({"route":")" route R"(","times":-1,"kind":"status","status":)" #status R"(,"code":")" code    \
  R"(","message":"as the test wants it"})"
#define ONCE(route, rest) R"({"route":")" route R"(","times":1,)" rest "}"
#define EVER(route, rest) R"({"route":")" route R"(","times":-1,)" rest "}"

const Weather kTable[] = {
    // --- refusals: said once, never asked again -------------------------------------------------
    {"Words400", Stage::words, STATUS("chat", 400, "invalid_request_error"), Ends::error, "400",
     resource, GST_RESOURCE_ERROR_SETTINGS, "invalid_request_error", 400, 1, 0},
    {"Words401", Stage::words, STATUS("chat", 401, "invalid_api_key"), Ends::error, "check the key",
     resource, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "invalid_api_key", 401, 1, 0},
    {"Words402", Stage::words, STATUS("chat", 402, "insufficient_balance"), Ends::error, "balance",
     resource, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "insufficient_balance", 402, 1, 0},
    {"Words422", Stage::words, STATUS("chat", 422, "invalid_parameter"), Ends::error, "422",
     resource, GST_RESOURCE_ERROR_SETTINGS, "invalid_parameter", 422, 1, 0},
    {"Picture400", Stage::picture, STATUS("image-async", 400, "InvalidParameter"), Ends::error,
     "InvalidParameter", resource, GST_RESOURCE_ERROR_SETTINGS, "InvalidParameter", 400, 1, 0},
    {"Picture401", Stage::picture, STATUS("image-async", 401, "InvalidApiKey"), Ends::error,
     "DASHSCOPE_API_KEY", resource, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "InvalidApiKey", 401, 1, 0},
    {"Picture403", Stage::picture, STATUS("image-async", 403, "AccessDenied.Unpurchased"),
     Ends::error, "", resource, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "AccessDenied.Unpurchased", 403,
     1, 0},
    {"Picture404", Stage::picture, STATUS("image-async", 404, "ModelNotFound"), Ends::error,
     "region", resource, GST_RESOURCE_ERROR_NOT_FOUND, "ModelNotFound", 404, 1, 0},
    {"Picture413", Stage::picture, STATUS("image-async", 413, "BadRequest.TooLarge"), Ends::error,
     "", resource, GST_RESOURCE_ERROR_SETTINGS, "BadRequest.TooLarge", 413, 1, 0},
    {"ClipArrearage", Stage::clip, STATUS("video", 400, "Arrearage"), Ends::error, "", resource,
     GST_RESOURCE_ERROR_NO_SPACE_LEFT, "Arrearage", 400, 1, 0},
    {"ClipQuota", Stage::clip, STATUS("video", 429, "Throttling.AllocationQuota"), Ends::error, "",
     resource, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "Throttling.AllocationQuota", 429, 1, 0},
    {"ClipBill", Stage::clip, STATUS("video", 429, "PostpaidBillOverdue"), Ends::error, "",
     resource, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "PostpaidBillOverdue", 429, 1, 0},
    {"ModerationAtSubmit", Stage::clip, STATUS("video", 400, "DataInspectionFailed"), Ends::error,
     "", stream, GST_STREAM_ERROR_FORMAT, "DataInspectionFailed", 400, 1, 0},
    {"ModerationInTask", Stage::clip,
     EVER("task", R"("kind":"task-state","state":"FAILED","code":"DataInspectionFailed")"),
     Ends::error, "", stream, GST_STREAM_ERROR_FORMAT, "DataInspectionFailed", 0, 1, 1},

    // --- what passes: asked again, billed once ---------------------------------------------------
    {"Words408", Stage::words,
     ONCE("chat", R"("kind":"status","status":408,"code":"RequestTimeOut")"), Ends::film, "",
     nullptr, 0, "", 0, 2, 1},
    {"Words429", Stage::words, ONCE("chat", R"("kind":"status","status":429,"code":"rate_limit")"),
     Ends::film, "", nullptr, 0, "", 0, 2, 1},
    {"Words500", Stage::words, ONCE("chat", R"("kind":"status","status":500,"code":"x")"),
     Ends::film, "", nullptr, 0, "", 0, 2, 1},
    {"Words503", Stage::words, ONCE("chat", R"("kind":"status","status":503,"code":"x")"),
     Ends::film, "", nullptr, 0, "", 0, 2, 1},
    {"Picture429Rate", Stage::picture,
     ONCE("image-async", R"("kind":"status","status":429,"code":"Throttling.RateQuota")"),
     Ends::film, "", nullptr, 0, "", 0, 2, 1},
    {"Picture429Burst", Stage::picture,
     ONCE("image-async", R"("kind":"status","status":429,"code":"Throttling.BurstRate")"),
     Ends::film, "", nullptr, 0, "", 0, 2, 1},
    {"Clip500", Stage::clip,
     ONCE("video", R"("kind":"status","status":500,"code":"InternalError")"), Ends::film, "",
     nullptr, 0, "", 0, 2, 1},
    {"Clip504", Stage::clip, ONCE("video", R"("kind":"html","status":504)"), Ends::film, "",
     nullptr, 0, "", 0, 2, 1},
    {"Words500ForEver", Stage::words, STATUS("chat", 500, "x"), Ends::error, "500", resource,
     GST_RESOURCE_ERROR_READ, "x", 500, 3, 0},

    // --- polls and downloads that fail never order again -----------------------------------------
    {"PollHtml502", Stage::clip, R"({"route":"task","times":2,"kind":"html","status":502})",
     Ends::film, "", nullptr, 0, "", 0, 1, 1},
    {"Poll429", Stage::clip,
     R"({"route":"task","times":2,"kind":"status","status":429,"code":"Throttling"})", Ends::film,
     "", nullptr, 0, "", 0, 1, 1},
    {"PollBadJson", Stage::clip, ONCE("task", R"("kind":"bad-json")"), Ends::film, "", nullptr, 0,
     "", 0, 1, 1},
    {"PollCloses", Stage::clip, ONCE("task", R"("kind":"close-before-headers")"), Ends::film, "",
     nullptr, 0, "", 0, 1, 1},
    {"PollTruncated", Stage::clip, ONCE("task", R"("kind":"truncate","after_bytes":20)"),
     Ends::film, "", nullptr, 0, "", 0, 1, 1},
    {"PollUnknownState", Stage::clip, ONCE("task", R"("kind":"task-state","state":"NEWSTATE")"),
     Ends::film, "", nullptr, 0, "", 0, 1, 1},
    {"TaskUnknown", Stage::clip, EVER("task", R"("kind":"task-state","state":"UNKNOWN")"),
     Ends::error, "", resource, GST_RESOURCE_ERROR_NOT_FOUND, "UNKNOWN", 0, 1, 1},
    {"TaskFailedBare", Stage::clip, EVER("task", R"("kind":"task-state","state":"FAILED-bare")"),
     Ends::error, "", resource, GST_RESOURCE_ERROR_READ, "FAILED", 0, 1, 1},
    {"TaskWithoutUrl", Stage::clip,
     EVER("task", R"("kind":"task-state","state":"SUCCEEDED-without-url")"), Ends::error, "",
     stream, GST_STREAM_ERROR_WRONG_TYPE, "SUCCEEDED", 0, 1, 1},
    {"DownloadTruncatedOnce", Stage::clip,
     ONCE("result", R"("kind":"truncate","after_bytes":3000)"), Ends::film, "", nullptr, 0, "", 0,
     1, 1},
    {"DownloadWrongType", Stage::clip,
     EVER("result", R"("kind":"wrong-type","type":"application/octet-stream")"), Ends::film, "",
     nullptr, 0, "", 0, 1, 1},
    {"DownloadHtml", Stage::clip, EVER("result", R"("kind":"html","status":200)"), Ends::error, "",
     stream, GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},
    {"DownloadEmpty", Stage::clip, EVER("result", R"("kind":"empty")"), Ends::error, "", stream,
     GST_STREAM_ERROR_DECODE, "", 0, 1, 1},
    {"DownloadExpired", Stage::clip, EVER("result", R"("kind":"expired-url")"), Ends::error, "",
     resource, GST_RESOURCE_ERROR_NOT_FOUND, "", 403, 1, 1},
    {"DownloadRedirected", Stage::clip, ONCE("result", R"("kind":"redirect","to":"same")"),
     Ends::film, "", nullptr, 0, "", 0, 1, 1},
    {"NotAClip", Stage::clip, EVER("result", R"("kind":"not-a-clip")"), Ends::error, "", stream,
     GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},
    {"BrokenClip", Stage::clip, EVER("result", R"("kind":"broken-clip")"), Ends::error, "", stream,
     GST_STREAM_ERROR_DECODE, "", 0, 1, 1},
    {"PictureBomb", Stage::picture, EVER("result", R"("kind":"picture-bomb")"), Ends::error,
     "60000", stream, GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},

    // --- an answer that never comes, or not whole
    // --------------------------------------------------
    {"WordsHang", Stage::words, EVER("chat", R"("kind":"hang-before-headers")"), Ends::error,
     "billed", resource, GST_RESOURCE_ERROR_READ, "", 0, 1, 0, "timeout=1500"},
    {"WordsHangInHeaders", Stage::words, EVER("chat", R"("kind":"hang-in-headers")"), Ends::error,
     "billed", resource, GST_RESOURCE_ERROR_READ, "", 0, 1, 1, "timeout=1500"},
    {"WordsHangInBody", Stage::words, EVER("chat", R"("kind":"hang-in-body","after_bytes":10)"),
     Ends::error, "billed", resource, GST_RESOURCE_ERROR_READ, "", 0, 1, 1, "timeout=1500"},
    {"WordsDrip", Stage::words, EVER("chat", R"("kind":"slow-drip","bytes_per_second":20)"),
     Ends::error, "billed", resource, GST_RESOURCE_ERROR_READ, "", 0, 1, 1, "timeout=1500"},
    {"WordsHtml502", Stage::words, EVER("chat", R"("kind":"html","status":502)"), Ends::error,
     "billed", resource, GST_RESOURCE_ERROR_READ, "", 502, 1, 0},
    {"ClipAnswerLost", Stage::clip, ONCE("video", R"("kind":"accept-then-close")"), Ends::film, "",
     nullptr, 0, "", 0, 1, 1},
    {"PictureAnswerLost", Stage::picture, ONCE("image-async", R"("kind":"accept-then-close")"),
     Ends::film, "", nullptr, 0, "", 0, 1, 1},
    {"ClipOrderLost", Stage::clip, ONCE("video", R"("kind":"close-before-headers")"), Ends::film,
     "", nullptr, 0, "", 0, 2, 1},
    {"SyncPictureLost", Stage::picture_sync, ONCE("image-sync", R"("kind":"accept-then-close")"),
     Ends::error, "billed", resource, GST_RESOURCE_ERROR_READ, "", 0, 1, 1},
    {"ClipBadJson", Stage::clip, ONCE("video", R"("kind":"bad-json")"), Ends::film, "", nullptr, 0,
     "", 0, 1, 1},
    {"ClipEmptyAnswer", Stage::clip, ONCE("video", R"("kind":"empty")"), Ends::film, "", nullptr, 0,
     "", 0, 1, 1},
    {"DownloadWrongLength", Stage::clip, ONCE("result", R"("kind":"wrong-length")"), Ends::film, "",
     nullptr, 0, "", 0, 1, 1},
    {"PictureTooLarge", Stage::picture, EVER("result", R"("kind":"huge","bytes":70000000)"),
     Ends::error, "", stream, GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},
    {"PictureOfGarbage", Stage::picture_sync, EVER("image-sync", R"("kind":"base64-garbage")"),
     Ends::error, "", stream, GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},
    {"WordsFiltered", Stage::words, EVER("chat", R"("kind":"content-filter")"), Ends::error, "",
     stream, GST_STREAM_ERROR_FORMAT, "content_filter", 0, 1, 1},
    {"WordsCutOff", Stage::words, EVER("chat", R"("kind":"truncated-content")"), Ends::film, "",
     nullptr, 0, "", 0, 1, 1},
    {"WordsBlankOnce", Stage::words, ONCE("chat", R"("kind":"blank-content")"), Ends::film, "",
     nullptr, 0, "", 0, 2, 2},
    {"WordsHuge", Stage::words, EVER("chat", R"("kind":"huge","bytes":20000000)"), Ends::error, "",
     stream, GST_STREAM_ERROR_WRONG_TYPE, "", 0, 1, 1},
    {"TopLevelCode", Stage::picture_sync,
     EVER("image-sync", R"("kind":"top-level-code","code":"InvalidParameter")"), Ends::error, "",
     resource, GST_RESOURCE_ERROR_SETTINGS, "InvalidParameter", 200, 1, 0},
};

class WeatherTable : public WeatherTest, public testing::WithParamInterface<Weather> {};

} // namespace

TEST_P(WeatherTable, HasItsNamedErrorAndPaysOnce) {
  const Weather& weather = GetParam();
  fault(weather.fault);
  const Seen seen = run(weather.stage, weather.properties);
  EXPECT_EQ(seen.creates, weather.creates) << seen.text;
  EXPECT_EQ(seen.billed, weather.billed) << seen.text;
  EXPECT_LT(seen.teardown, std::chrono::seconds(1));
  EXPECT_EQ(seen.text.find("sk-standin"), std::string::npos);
  EXPECT_EQ(seen.text.find("<html"), std::string::npos) << seen.text;
  if (weather.ends == Ends::film) {
    EXPECT_TRUE(seen.eos) << seen.text;
    return;
  }
  EXPECT_FALSE(seen.eos);
  EXPECT_EQ(seen.domain, g_quark_to_string(weather.domain())) << seen.text;
  EXPECT_EQ(seen.code, weather.code) << seen.text;
  EXPECT_NE(seen.text.find(weather.says), std::string::npos) << seen.text;
  if (*weather.service_code) {
    EXPECT_EQ(seen.service_code, weather.service_code);
  }
  if (weather.http_status) {
    EXPECT_EQ(seen.http_status, weather.http_status);
  }
}

TEST_F(WeatherTest, RetryAfterIsObeyed) {
  fault(ONCE("video", R"("kind":"status","status":429,"code":"Throttling","retry_after":2)"));
  const Seen seen = run(Stage::clip);
  EXPECT_TRUE(seen.eos) << seen.text;
  EXPECT_GE(seen.took, std::chrono::seconds(2));
  EXPECT_EQ(seen.billed, 1u);
}

INSTANTIATE_TEST_SUITE_P(Fault, WeatherTable, testing::ValuesIn(kTable),
                         [](const auto& info) { return std::string(info.param.name); });
