// SPDX-License-Identifier: LGPL-2.1-or-later
// Reports: both tell the same run, each in its way.
#include "base/ref.h"
#include "report.h"

#include <gtest/gtest.h>
#include <sstream>

using namespace aigc;
using namespace aigc::runner;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

void shot_done(Report& report, const char* id, double cost, bool hit) {
  const Own<GstStructure> structure(gst_structure_new(
      "aigc/shot-done", "id", G_TYPE_STRING, id, "stage", G_TYPE_STRING, "image", "service",
      G_TYPE_STRING, "dashscope", "seed", G_TYPE_INT64, gint64{7}, "cost", G_TYPE_DOUBLE, cost,
      "currency", G_TYPE_STRING, "CNY", "cache-hit", G_TYPE_BOOLEAN, hit, nullptr));
  report.element_message("qwenimagesrc", structure.get());
}

void tell(Report& report) {
  report.start("film", "a \"b\".mp4");
  report.step({.stage = "image", .id = "shot-1"});
  report.step({.stage = "image", .id = "shot-2"});
  report.step(
      {.stage = "image", .id = "shot-1", .type = GST_PROGRESS_TYPE_CONTINUE, .percent = 40});
  report.warning({.element = "qwenimagesrc", .message = "only a preview"});
  report.warning({.element = "wanxclipgen", .message = "only a preview"});
  shot_done(report, "shot-1", 0.25, false);
  report.step({.stage = "image", .id = "shot-1", .type = GST_PROGRESS_TYPE_COMPLETE});
  shot_done(report, "shot-2", 0.5, true);
  report.step({.stage = "image", .id = "shot-2", .type = GST_PROGRESS_TYPE_ERROR});
  const Made made{.path = "a.mp4", .bytes = 1234567, .seconds = 5, .width = 1280, .height = 720};
  report.finish(&made, false);
}

} // namespace

TEST(TextReport, SpeaksOfAnInterruptionOnlyWhereThereWasOne) {
  for (const bool interrupted : {false, true}) {
    testing::internal::CaptureStdout();
    text_report()->finish(nullptr, interrupted);
    const std::string out = testing::internal::GetCapturedStdout();
    EXPECT_EQ(has(out, "interrupted"), interrupted) << out;
    EXPECT_TRUE(has(out, "no file was made")) << out;
  }
}

TEST(Report, CountsTheShotsLeftOut) {
  const auto report = json_report();
  testing::internal::CaptureStdout();
  for (const guint count : {0u, 1u, 200u}) { // 0: from an element that gives none
    const Own<GstStructure> failed(
        gst_structure_new("aigc/shot-failed", "left-out", G_TYPE_BOOLEAN, TRUE, nullptr));
    if (count > 0) gst_structure_set(failed.get(), "count", G_TYPE_UINT, count, nullptr);
    report->element_message("aishotsrc", failed.get());
  }
  testing::internal::GetCapturedStdout();
  EXPECT_EQ(report->left_out(), 202);
}

TEST(TextReport, TellsEachStepOnceAndTheSumAtTheEnd) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  tell(*text_report());
  const std::string out = testing::internal::GetCapturedStdout();
  const std::string err = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(has(err, "image   shot-1 started")) << err;
  EXPECT_TRUE(has(err, "image   shot-1 done"));
  EXPECT_TRUE(has(err, "image   shot-2 failed"));
  EXPECT_EQ(err.find("only a preview"), err.rfind("only a preview"));
  EXPECT_FALSE(has(err, "\033")) << "control codes belong on a terminal";
  EXPECT_TRUE(has(out, "image       1       1           1")) << out;
  EXPECT_TRUE(has(out, "cost: 0.75 CNY; from cache: 1"));
  EXPECT_TRUE(has(out, "a.mp4: 5.00 s, 1280x720, 1.2 MB, made in"));
}

TEST(TextReport, ErrorsSayWhoWhatAndWhatToDo) {
  testing::internal::CaptureStderr();
  text_report()->error(
      {.element = "qwenimagesrc", .message = "width is 1", .remedy = "Set width."});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "error: qwenimagesrc: width is 1\n  Set width.\n");
}

TEST(JsonReport, EveryLineIsAnObjectWithEventAndTime) {
  testing::internal::CaptureStdout();
  tell(*json_report());
  std::istringstream lines(testing::internal::GetCapturedStdout());
  std::vector<std::string> events;
  Ref<JsonNode> last;
  for (std::string line; std::getline(lines, line);) {
    last = adopt(json_from_string(line.c_str(), nullptr));
    ASSERT_TRUE(last && JSON_NODE_HOLDS_OBJECT(last.get())) << line;
    JsonObject* object = json_node_get_object(last.get());
    EXPECT_TRUE(json_object_has_member(object, "time"));
    events.push_back(json_object_get_string_member(object, "event"));
    if (events.back() == "shot-done") {
      EXPECT_EQ(json_object_get_int_member(object, "seed"), 7);
      EXPECT_STREQ(json_object_get_string_member(object, "service"), "dashscope");
      EXPECT_EQ(json_node_get_value_type(json_object_get_member(object, "cache-hit")),
                G_TYPE_BOOLEAN);
    }
  }
  EXPECT_EQ(events,
            (std::vector<std::string>{"start", "progress", "progress", "progress", "warning",
                                      "shot-done", "progress", "shot-done", "progress", "done"}));
  JsonObject* done = json_node_get_object(last.get());
  EXPECT_EQ(json_object_get_int_member(done, "bytes"), 1234567);
  EXPECT_EQ(json_object_get_int_member(done, "cache-hits"), 1);
  EXPECT_EQ(json_object_get_double_member(json_object_get_object_member(done, "cost"), "CNY"),
            0.75);
  EXPECT_EQ(json_array_get_length(json_object_get_array_member(done, "stages")), 1u);
}
