// SPDX-License-Identifier: LGPL-2.1-or-later
// DashScope's calls against the stand-in, which is as strict as the service: every model, the
// inputs, what stands in the calls.
#include "dashscope_rig.h"

using namespace aigc;

namespace {

using DashscopeCalls = DashscopeRig;

/// The last call of a route in the stand-in's log.
JsonView last_call(const Ref<JsonNode>& calls, const char* route) {
  const JsonView list = JsonView(calls.get())["calls"];
  JsonView found;
  for (size_t i = 0; i < list.size(); ++i)
    if (list.at(i)["route"].text() == route) found = list.at(i);
  return found;
}

/// Every pixel another colour: JPEG cannot make it small.
Ref<GBytes> noise(int side) {
  Cancel cancel;
  Raster raster = plain_raster(side, side);
  std::uint32_t random = 1;
  for (size_t i = 0; i < raster.rgba.size(); ++i)
    if (i % 4 != 3) raster.rgba[i] = std::uint8_t((random = random * 1664525 + 1013904223) >> 24);
  return encode_picture(raster, "image/jpeg", cancel);
}

} // namespace

TEST_F(DashscopeCalls, EveryModelMakesWhatItIsAskedFor) {
  for (const Model& model : backend().models()) {
    if (model.role == Role::words) continue;
    SCOPED_TRACE(model.name);
    const Request request = request_for(model);
    const Result result = run(request);
    EXPECT_TRUE(result.url.starts_with(server().address("results"))) << result.url;
    EXPECT_FALSE(result.request_id.empty());
    if (model.role == Role::picture) {
      EXPECT_EQ(result.usage.pictures, 1);
    } else {
      EXPECT_EQ(result.usage.seconds, request.seconds);
      EXPECT_FALSE(result.usage.tier.empty());
    }
  }
}

TEST_F(DashscopeCalls, EveryDefaultAndAspectIsLegal) {
  for (const Model& model : backend().models()) {
    if (model.role == Role::words) continue;
    for (const double aspect : {0.0, 9.0 / 16, 1.0, 4.0 / 3, 21.0 / 9}) {
      SCOPED_TRACE(std::string(model.name) + " " + std::to_string(aspect));
      Request request = request_for(model);
      request.size = choose_size(model, {}, aspect);
      EXPECT_FALSE(run(request).url.empty());
    }
  }
}

TEST_F(DashscopeCalls, OtherSpellingsAreSentAsTheyWereGiven) {
  const std::pair<const char*, unsigned> names[] = {{"wan2.6-t2v-us", kWordsOnly},
                                                    {"wan2.6-i2v-us", kKeyframe},
                                                    {"wan2.1-t2v-plus", kWordsOnly},
                                                    {"wan2.1-kf2v-plus", kKeyframe | kLastFrame}};
  for (const auto& [name, inputs] : names) {
    SCOPED_TRACE(name);
    run(request_for(find_model(backend(), Role::clip, name, inputs)));
    const auto list = server().calls();
    EXPECT_EQ(last_call(list, "video")["body"]["model"].text(), name);
  }
  const char* dated = "qwen-image-max-2025-12-30";
  run(request_for(find_model(backend(), Role::picture, dated)));
  const auto list = server().calls();
  EXPECT_EQ(last_call(list, "image-sync")["body"]["model"].text(), dated);
}

TEST_F(DashscopeCalls, UnknownNamesAreRefusedWithTheOnesThereAre) {
  const Error error =
      error_of([&] { find_model(backend(), Role::clip, "wanx-video-v1", kWordsOnly); });
  EXPECT_EQ(error.fault, Fault::settings);
  EXPECT_NE(error.remedy.find("wan2.2-t2v-plus"), std::string::npos);
}

TEST_F(DashscopeCalls, TheDefaultFollowsFromTheInputs) {
  const auto name = [&](Role role, unsigned inputs) {
    return std::string(find_model(backend(), role, "", inputs).name);
  };
  EXPECT_EQ(name(Role::picture, kWordsOnly), "qwen-image-plus");
  EXPECT_EQ(name(Role::picture, kReferences), "qwen-image-edit-plus");
  EXPECT_EQ(name(Role::clip, kWordsOnly), "wan2.2-t2v-plus");
  EXPECT_EQ(name(Role::clip, kKeyframe), "wan2.2-i2v-plus");
  EXPECT_EQ(name(Role::clip, kKeyframe | kLastFrame), "wan2.2-kf2v-flash");
  EXPECT_EQ(name(Role::clip, kReferences), "wan2.7-r2v");
  EXPECT_EQ(name(Role::clip, kKeyframe | kReferences), "wan3.0-video");
}

TEST_F(DashscopeCalls, TheDefaultMakesTheLengthIfAnyDoes) {
  const auto name = [&](unsigned inputs, double seconds) {
    return std::string(find_model(backend(), Role::clip, "", inputs, seconds).name);
  };
  EXPECT_EQ(name(kWordsOnly, 5), "wan2.2-t2v-plus");
  EXPECT_EQ(name(kWordsOnly, 8), "wan2.5-t2v-preview");
  EXPECT_EQ(name(kKeyframe, 8), "wan2.5-i2v-preview");
  EXPECT_EQ(name(kKeyframe, 12), "wan2.6-i2v");
  EXPECT_EQ(name(kKeyframe | kLastFrame, 8), "wan2.7-i2v");
  EXPECT_EQ(name(kReferences, 12), "wan3.0-video");
  EXPECT_EQ(name(kKeyframe, 60), "wan2.2-i2v-plus") << "whose limit the error names";
  EXPECT_STREQ(find_model(backend(), Role::clip, "wan2.2-i2v-plus", kKeyframe, 8).name,
               "wan2.2-i2v-plus");
}

TEST_F(DashscopeCalls, AModelIsRefusedWithThoseThatTakeTheInputs) {
  const Error error =
      error_of([&] { find_model(backend(), Role::picture, "qwen-image", kReferences); });
  EXPECT_NE(std::string(error.what()).find("reference pictures"), std::string::npos);
  EXPECT_NE(error.remedy.find("qwen-image-edit-plus"), std::string::npos);
}

TEST_F(DashscopeCalls, OnlyTheAuthorizationCarriesTheKey) {
  run(request("qwen-image-plus"));
  const auto list = server().calls();
  const JsonView create = last_call(list, "image-async"), look = last_call(list, "task");
  EXPECT_EQ(create["query"].text() + look["query"].text(), "");
  EXPECT_EQ(json_text(create["body"].node()).find("sk-standin"), std::string::npos);
  EXPECT_EQ(create["path"].text(), "/api/v1/services/aigc/text2image/image-synthesis");
}

TEST_F(DashscopeCalls, TransparentPicturesAreLaidOnWhite) {
  Request order = request("wan2.2-i2v-plus");
  order.keyframe = picture(640, 360, "image/png", 128);
  EXPECT_FALSE(run(order).url.empty());
  order.keyframe = picture(640, 360, "image/webp", 128);
  EXPECT_FALSE(run(order).url.empty());
}

TEST_F(DashscopeCalls, PicturesOfOtherSizesAreScaled) {
  const std::pair<int, int> sizes[] = {{160, 90}, {2400, 1350}};
  for (const auto& [width, height] : sizes)
    for (const char* name : {"wan2.2-i2v-plus", "wan2.2-kf2v-flash", "wan2.7-i2v"}) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(width));
      Request order = request(name);
      order.keyframe = picture(width, height);
      EXPECT_FALSE(run(order).url.empty());
    }
}

TEST_F(DashscopeCalls, WhatStaysTooLargeForTheBodyIsUploaded) {
  Request order = request("wan2.7-i2v");
  order.keyframe = noise(2800);
  EXPECT_FALSE(run(order).url.empty());
  const auto list = server().calls();
  const JsonView create = last_call(list, "video");
  const std::string url = create["body"]["input"]["media"].at(0)["url"].text();
  EXPECT_TRUE(url.starts_with("oss://dashscope-instant/")) << url;
  EXPECT_EQ(json_text(last_call(list, "oss")["headers"].node()).find("sk-standin"),
            std::string::npos);
}

TEST_F(DashscopeCalls, AddressesOfReferencesGoAsTheyAre) {
  Request order = request("qwen-image-edit-plus");
  order.references = {{{}, "https://example.com/a.png"}, {picture(640, 360), {}}};
  EXPECT_FALSE(run(order).url.empty());
  const auto list = server().calls();
  const JsonView content =
      last_call(list, "image-sync")["body"]["input"]["messages"].at(0)["content"];
  EXPECT_EQ(content.at(0)["image"].text(), "https://example.com/a.png");
  EXPECT_TRUE(content.at(1)["image"].text().starts_with("data:image/jpeg;base64,"));
  EXPECT_EQ(content.at(2)["text"].text(), order.words);
}

TEST_F(DashscopeCalls, TooManyReferencesAreRefusedBeforeAnythingIsSent) {
  Request order = request("qwen-image-edit-plus");
  order.references.assign(4, {{}, "https://example.com/a.png"});
  EXPECT_EQ(error_of([&] { run(order); }).remedy, "qwen-image-edit-plus takes at most 3");
  EXPECT_EQ(billed(), 0u);
}

TEST_F(DashscopeCalls, WordsComeThroughTheCompatibleMode) {
  server().configure(R"({"chat": {"content": "{\"prompt\": \"lanterns, dusk\"}"}})");
  Request order;
  order.role = Role::words;
  order.model = find_model(backend(), Role::words, "").name;
  order.words = order.script = "lanterns";
  const Result result = run(order);
  EXPECT_EQ(result.prompt, "lanterns, dusk");
  const auto list = server().calls();
  EXPECT_EQ(last_call(list, "chat")["path"].text(), "/compatible-mode/v1/chat/completions");
}

TEST(DashscopeSetup, AnyRegionAndWorkspaceWillDo) {
  const Secret key("sk-standin");
  EXPECT_EQ(make_dashscope({kDashscopeBaseUrl, key})->endpoint().host, "dashscope.aliyuncs.com");
  for (const char* host : {"dashscope-intl.aliyuncs.com", "ws-1.cn-beijing.maas.aliyuncs.com"})
    EXPECT_EQ(make_dashscope({"https://" + std::string(host) + "/api/v1", key})->endpoint().host,
              host);
  EXPECT_THROW(make_dashscope({"ftp://dashscope.aliyuncs.com", key}), Error);
}
