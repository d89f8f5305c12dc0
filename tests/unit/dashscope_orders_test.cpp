// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands in DashScope's requests, and which model a name is.
#include "base/error.h"
#include "base/json.h"
#include "service/dashscope/orders.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace aigc::dashscope;

namespace {

Ref<GBytes> some_bytes() {
  return adopt(g_bytes_new_static("x", 1));
}

Request clip_request() {
  Request request;
  request.role = Role::clip;
  request.words = "a harbour at dawn";
  request.motion = "slow push in";
  request.negative = "text";
  request.size = {1280, 720};
  request.seconds = 5;
  request.seed = 42;
  return request;
}

Request picture_request() {
  Request request;
  request.role = Role::picture;
  request.words = "a harbour at dawn";
  request.negative = "blur";
  request.size = {1664, 928};
  request.prompt_extend = true;
  return request;
}

/// The body as text, with the model's row from the table.
std::string body(const char* model, const Request& request, const Inputs& inputs = {}) {
  return create_body(*find_row(model), request, inputs);
}

} // namespace

TEST(DashscopeOrder, PictureAtOnce) {
  EXPECT_EQ(body("qwen-image-max", picture_request()),
            R"({"model":"qwen-image-max","input":{"messages":[{"role":"user",)"
            R"("content":[{"text":"a harbour at dawn"}]}]},"parameters":{"prompt_extend":true,)"
            R"("watermark":false,"size":"1664*928","n":1,"negative_prompt":"blur"}})");
}

TEST(DashscopeOrder, PictureTaskHasTheNegativeInBothPlaces) {
  EXPECT_EQ(body("qwen-image-plus", picture_request()),
            R"({"model":"qwen-image-plus","input":{"prompt":"a harbour at dawn",)"
            R"("negative_prompt":"blur"},"parameters":{"prompt_extend":true,"watermark":false,)"
            R"("size":"1664*928","n":1,"negative_prompt":"blur"}})");
}

TEST(DashscopeOrder, EditHasItsPicturesBeforeTheWords) {
  const auto node =
      parse_json(body("qwen-image-edit", picture_request(), {{}, {}, {"oss://a", "https://b"}}));
  const JsonView root(node.get());
  const JsonView content = root["input"]["messages"].at(0)["content"];
  EXPECT_EQ(content.at(0)["image"].text(), "oss://a");
  EXPECT_EQ(content.at(1)["image"].text(), "https://b");
  EXPECT_EQ(content.at(2)["text"].text(), "a harbour at dawn");
  EXPECT_FALSE(root["parameters"]["size"].exists());
}

TEST(DashscopeOrder, TextClip) {
  EXPECT_EQ(body("wan2.2-t2v-plus", clip_request()),
            R"({"model":"wan2.2-t2v-plus","input":{"prompt":"a harbour at dawn\nslow push in",)"
            R"("negative_prompt":"text"},"parameters":{"prompt_extend":false,"watermark":false,)"
            R"("seed":42,"size":"1280*720","duration":5}})");
}

TEST(DashscopeOrder, KeyframeClipSendsTheTierAndTheMotion) {
  Request request = clip_request();
  request.keyframe = some_bytes();
  EXPECT_EQ(body("wan2.2-i2v-flash", request, {"data:k", {}, {}}),
            R"({"model":"wan2.2-i2v-flash","input":{"prompt":"slow push in",)"
            R"("negative_prompt":"text","img_url":"data:k"},"parameters":{"prompt_extend":false,)"
            R"("watermark":false,"seed":42,"resolution":"720P","duration":5}})");
}

TEST(DashscopeOrder, FramesClipHasAPathOfItsOwnAndNoLength) {
  Request request = clip_request();
  request.keyframe = request.last_frame = some_bytes();
  EXPECT_EQ(body("wan2.2-kf2v-flash", request, {"data:a", "data:b", {}}),
            R"({"model":"wan2.2-kf2v-flash","input":{"prompt":"slow push in",)"
            R"("negative_prompt":"text","first_frame_url":"data:a","last_frame_url":"data:b"},)"
            R"("parameters":{"prompt_extend":false,"watermark":false,"seed":42,)"
            R"("resolution":"720P"}})");
  EXPECT_STREQ(create_path(*find_row("wan2.2-kf2v-flash")),
               "/services/aigc/image2video/video-synthesis");
  EXPECT_STREQ(create_path(*find_row("wan2.7-i2v")),
               "/services/aigc/video-generation/video-synthesis");
}

TEST(DashscopeOrder, MediaClips) {
  Request request = clip_request();
  const auto words = parse_json(body("wan2.7-t2v", request));
  EXPECT_EQ(json_text(JsonView(words.get())["parameters"].node()),
            R"({"prompt_extend":false,"watermark":false,"seed":42,"resolution":"720P",)"
            R"("duration":5,"ratio":"16:9"})");
  EXPECT_FALSE(JsonView(words.get())["input"]["media"].exists());

  request.keyframe = request.last_frame = some_bytes();
  const auto frames = parse_json(body("wan2.7-i2v", request, {"data:a", "data:b", {}}));
  EXPECT_EQ(json_text(JsonView(frames.get())["input"]["media"].node()),
            R"([{"type":"first_frame","url":"data:a"},{"type":"last_frame","url":"data:b"}])");
  EXPECT_FALSE(JsonView(frames.get())["parameters"]["ratio"].exists());

  const auto cast = parse_json(body("wan2.7-r2v", clip_request(), {{}, {}, {"oss://c"}}));
  EXPECT_EQ(json_text(JsonView(cast.get())["input"]["media"].node()),
            R"([{"type":"reference_image","url":"oss://c"}])");
}

TEST(DashscopeOrder, WordsAreCutBetweenCharacters) {
  Request request = picture_request();
  request.words.clear();
  for (int i = 0; i < 801; ++i)
    request.words += "樱";
  request.negative = request.words;
  const Row& row = *find_row("qwen-image-plus");
  EXPECT_EQ(prompt_of(row, request).size(), 800u * 3);
  const auto root = parse_json(create_body(row, request, {}));
  EXPECT_EQ(JsonView(root.get())["input"]["negative_prompt"].text().size(), 500u * 3);
  EXPECT_EQ(JsonView(root.get())["parameters"]["negative_prompt"].text().size(), 500u * 3);
}

TEST(DashscopeOrder, TooManyWordsGiveWayToTheMotion) {
  Request request = clip_request();
  request.words = std::string(790, 'w');
  const Row& row = *find_row("wan2.2-t2v-plus");
  const std::string prompt = prompt_of(row, request);
  EXPECT_EQ(prompt.size(), 800u);
  EXPECT_TRUE(prompt.ends_with("w\nslow push in")) << prompt.substr(750);
  request.motion = std::string(900, 'm');
  EXPECT_EQ(prompt_of(row, request), std::string(399, 'w') + "\n" + std::string(400, 'm'));
}

TEST(DashscopeOrder, WithoutMotionTheWordsHaveToDo) {
  Request request = clip_request();
  request.motion.clear();
  request.keyframe = some_bytes();
  EXPECT_EQ(prompt_of(*find_row("wan2.2-i2v-plus"), request), request.words);
}

TEST(DashscopeOrder, AnotherTakeOfASeedIsAnotherSeed) {
  Request request = picture_request();
  EXPECT_EQ(seed_of(request), -1);
  request.take = 3;
  EXPECT_EQ(seed_of(request), -1);
  request.seed = 2147483647;
  EXPECT_NE(seed_of(request), 2147483647);
  EXPECT_LE(seed_of(request), 2147483647);
  EXPECT_GE(seed_of(request), 0);
}

TEST(DashscopeOrder, LengthsAreWholeSeconds) {
  for (const Model& model : models())
    for (const double seconds : model.seconds)
      EXPECT_EQ(seconds, static_cast<int>(seconds)) << model.name;
}

TEST(DashscopeModels, TheClassic1024x576IsOrderedEverywhere) {
  for (const Model& model : models()) {
    if (model.role == Role::words) continue;
    const Size size = choose_size(model, {1024, 576}, 0);
    EXPECT_GE(size.width, 1024) << model.name;
    EXPECT_GE(size.height, 576) << model.name;
    EXPECT_STREQ(ratio_of(size), "16:9") << model.name;
  }
}

TEST(DashscopeModels, TiersAreAtLeastAsLargeAsWhatIsAsked) {
  const auto tier = [](const char* name, Size asked) {
    return std::string(tier_of(choose_size(find_row(name)->model, asked, 0)));
  };
  EXPECT_EQ(tier("wan2.2-i2v-plus", {1280, 720}), "1080P");
  EXPECT_EQ(tier("wan2.2-i2v-flash", {1280, 720}), "720P");
  EXPECT_EQ(tier("wan2.2-i2v-plus", {640, 360}), "480P");
  EXPECT_EQ(tier("wan2.2-i2v-plus", {640, 480}), "480P");
  EXPECT_EQ(tier("wan2.2-t2v-plus", {832, 480}), "480P");
  EXPECT_EQ(tier("wan2.6-i2v", {320, 180}), "720P");
}

TEST(DashscopeModels, SizesOfATierHaveItsName) {
  for (const Size size : {Size{832, 480}, Size{624, 624}, Size{704, 528}})
    EXPECT_STREQ(tier_of(size), "480P");
  for (const Size size : {Size{1280, 720}, Size{960, 960}, Size{832, 1088}})
    EXPECT_STREQ(tier_of(size), "720P");
  for (const Size size : {Size{1920, 1080}, Size{1440, 1440}, Size{1248, 1632}})
    EXPECT_STREQ(tier_of(size), "1080P");
  EXPECT_STREQ(ratio_of({832, 1088}), "3:4");
  EXPECT_STREQ(ratio_of({480, 832}), "9:16");
}

TEST(DashscopeModels, SnapshotsRegionsAndSpellings) {
  EXPECT_EQ(derive_row("qwen-image-max-2025-12-30")->route, Route::picture_now);
  EXPECT_EQ(derive_row("qwen-image-2026-05-01")->route, Route::picture_now);
  EXPECT_EQ(derive_row("wan2.6-t2v-us")->model.seconds.size(), 3u);
  EXPECT_EQ(derive_row("wan2.6-t2v")->model.max_seconds, 15);
  EXPECT_EQ(derive_row("wan2.1-kf2v-plus")->route, Route::frames_clip);
  for (const char* name : {"qwen-image-max-2025-12", "qwen-image-max-2025x12-30", "wanx-video-v1",
                           "-2025-12-30", "-us", ""})
    EXPECT_FALSE(derive_row(name)) << name;
}
