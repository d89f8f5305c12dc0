// SPDX-License-Identifier: LGPL-2.1-or-later
// What is read from DashScope's answers: bills of every family, results in every place.
#include "base/error.h"
#include "service/dashscope/answers.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace aigc::dashscope;

namespace {

Request ordered(Role role) {
  Request request;
  request.role = role;
  request.size = {1920, 1080};
  request.seconds = 5;
  request.seed = 7;
  return request;
}

Usage clip_usage(const char* json) {
  const auto root = parse_json(json);
  return read_usage(root.get(), ordered(Role::clip));
}

Poll look(const std::string& output, Role role = Role::clip) {
  const auto root = parse_json(R"({"request_id": "r-9", "output": {"task_id": "t", )" + output +
                               R"(}, "usage": {"image_count": 1}})");
  return read_task(root.get(), ordered(role), Secret("sk-canary"));
}

Error look_error(const std::string& output, Role role = Role::clip) {
  try {
    look(output, role);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Fault::cancelled, ""};
}

} // namespace

TEST(DashscopeUsage, EveryFamily) {
  EXPECT_EQ(clip_usage(R"({"duration": 10, "size": "1280*720", "input_video_duration": 0,
                           "output_video_duration": 10, "video_count": 1, "SR": 720})"),
            (Usage{.seconds = 10, .tier = "720P"}));
  EXPECT_EQ(clip_usage(R"({"duration": 5, "SR": 480, "video_count": 1})"),
            (Usage{.seconds = 5, .tier = "480P"}));
  EXPECT_EQ(clip_usage(R"({"video_duration": 5, "video_ratio": "832*480", "video_count": 1})"),
            (Usage{.seconds = 5, .tier = "480P"}));
  EXPECT_EQ(clip_usage(R"({"video_duration": 4, "SR": "480", "video_count": 1})"),
            (Usage{.seconds = 4, .tier = "480P"}));
  EXPECT_EQ(clip_usage(R"({"SR": "480P", "video_count": 1})"),
            (Usage{.seconds = 5, .tier = "480P"}));
  EXPECT_EQ(clip_usage(R"({"video_duration": 5, "video_ratio": "standard", "video_count": 1})"),
            (Usage{.seconds = 5, .tier = "1080P"}));
  EXPECT_EQ(clip_usage("{}"), (Usage{.seconds = 5, .tier = "1080P"}));
  EXPECT_EQ(clip_usage(R"({"output_video_duration": 3, "size": "960*960"})"),
            (Usage{.seconds = 3, .tier = "720P"}));
}

TEST(DashscopeUsage, Pictures) {
  const auto two = parse_json(R"({"image_count": 2, "width": 1664, "height": 928})");
  EXPECT_EQ(read_usage(two.get(), ordered(Role::picture)).pictures, 2);
  EXPECT_EQ(read_usage(nullptr, ordered(Role::picture)).pictures, 1);
}

TEST(DashscopeTask, TheClipIsInAnyOfItsPlaces) {
  for (const char* place :
       {R"("video_url": "http://h/x.mp4")", R"("results": {"video_url": "http://h/x.mp4"})",
        R"("results": [{"video_url": "http://h/x.mp4"}])"}) {
    const Poll poll = look(R"("task_status": "SUCCEEDED", )" + std::string(place));
    EXPECT_EQ(poll.state, Poll::State::done);
    EXPECT_EQ(poll.result.url, "http://h/x.mp4");
    EXPECT_EQ(poll.result.request_id, "r-9");
    EXPECT_EQ(poll.result.seed, 7);
  }
}

TEST(DashscopeTask, APictureThatFailedAloneIsItsError) {
  const Error error = look_error(
      R"("task_status": "SUCCEEDED", "results": [{"code": "DataInspectionFailed",
         "message": "no"}])",
      Role::picture);
  EXPECT_EQ(error.fault, Fault::moderation);
  EXPECT_EQ(error.code, "DataInspectionFailed");
  EXPECT_FALSE(error.retry);
}

TEST(DashscopeTask, TheWordsOfTheServiceShowNoKey) {
  const Error error = look_error(
      R"("task_status": "FAILED", "code": "InvalidApiKey", "message": "bad sk-canary here")");
  EXPECT_EQ(std::string(error.what()).find("sk-canary"), std::string::npos);
}

TEST(DashscopeTask, ARequestIdIsFitForAMessage) {
  const auto root = parse_json(R"({"request_id": "r 1\nsk-canary\u0007é",
    "output": {"task_status": "SUCCEEDED", "video_url": "https://h/c.mp4"}})");
  EXPECT_EQ(read_task(root.get(), ordered(Role::clip), Secret("sk-canary")).result.request_id,
            "r1***");
}

TEST(DashscopeTask, AnAnswerWithoutAStateMayBeAskedForAgain) {
  EXPECT_TRUE(look_error(R"("x": 1)").retry);
}

TEST(DashscopeTask, WhatItWasMadeWith) {
  const auto clip = parse_json(R"({"output": {"orig_prompt": "a"}})");
  const auto pictures = parse_json(R"({"output": {"results": [{"orig_prompt": "b"}]}})");
  EXPECT_EQ(original_prompt(clip.get()), "a");
  EXPECT_EQ(original_prompt(pictures.get()), "b");
  EXPECT_EQ(original_prompt(nullptr), "");
}

TEST(DashscopeList, NumbersMayBeTextsAndLinesMayBeOdd) {
  const auto root = parse_json(R"({"data": [{"task_id": "a", "gmt_create": 1790000000123},
    {"task_id": "b", "gmt_create": "1790000000124"}, {"task_id": "c", "start_time": 5}, {}, 3]})");
  const auto tasks = read_list(root.get());
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[0].created, 1790000000123);
  EXPECT_EQ(tasks[1].created, 1790000000124);
  EXPECT_EQ(tasks[2].created, 5);
}
