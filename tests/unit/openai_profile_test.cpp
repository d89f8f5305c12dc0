// SPDX-License-Identifier: LGPL-2.1-or-later
// Which server answers at a base URL, and which models it is taken to have.
#include "openai_rig.h"
#include "service/openai/profile.h"

using namespace openai_rig;
using openai::find_profile;
using openai::Server;

namespace {

class OpenaiProfile : public OpenaiRig {
 protected:
  Profile find(Profile set = Profile::automatic, const std::string& base = "/v1") {
    Access access{server.url() + base, Secret("canary-key")};
    access.profile = set;
    Call now = call();
    return find_profile(Server(access), now);
  }
  void list(const std::string& model) {
    server.on("GET /v1/models", R"({"object":"list","data":[)" + model + "]}");
  }
};

TEST_F(OpenaiProfile, TheModelsTellWhoseServerItIs) {
  list(R"({"id":"Wan-AI/Wan2.2-T2V-A14B","owned_by":"vllm"})");
  EXPECT_EQ(find(), Profile::vllm_omni);
  list(R"({"id":"Qwen/Qwen-Image","owned_by":"SGLang"})");
  EXPECT_EQ(find(), Profile::sglang);
  list(R"({"id":"sd-cpp-local","owned_by":"local"})");
  EXPECT_EQ(find(), Profile::sdcpp);
  EXPECT_EQ(server.calls().size(), 3u) << "one look is enough for each";
  for (const auto& call : server.calls())
    EXPECT_TRUE(call.head.starts_with("GET ")) << call.head;
}

TEST_F(OpenaiProfile, OtherRoutesTellTheRest) {
  server.on("GET /sdcpp/v1/capabilities", R"({"supported_modes":["img_gen"]})");
  EXPECT_EQ(find(), Profile::sdcpp) << "also without a list of models";
  server.on("GET /sdcpp/v1/capabilities", {Reply{404, "no"}});
  list(R"({"id":"flux","object":"model"})");
  EXPECT_EQ(find(), Profile::openai) << "a gateway";
  server.on("GET /readyz", {Reply{200, "OK", "text/plain"}});
  for (const char* other : {R"({"version":"v3.5.0"})", R"--({"version":"1.0 (x)","build":7})--"}) {
    server.on("GET /version", other);
    EXPECT_EQ(find(), Profile::openai) << "a gateway has these, too: " << other;
  }
  server.on("GET /version", R"--({"version":"v3.5.0 (a1b2c3)"})--");
  EXPECT_EQ(find(), Profile::localai);
  server.on("GET /version", {Reply{404, "no"}});
  server.on("GET /.well-known/localai.json", R"({"version":"x","endpoints":{"models":"/v1"}})");
  EXPECT_EQ(find(), Profile::localai);
  server.on("GET /.well-known/localai.json", {Reply{200, "<html>", "text/html"}});
  EXPECT_EQ(find(), Profile::openai) << "a site that has a page for everything";
}

TEST_F(OpenaiProfile, WhatIsSetIsNotAskedFor) {
  EXPECT_EQ(find(Profile::localai), Profile::localai);
  Call now = call();
  EXPECT_EQ(find_profile(Server({kOpenaiUrl, Secret("k")}), now), Profile::openai);
  EXPECT_TRUE(server.calls().empty());
}

TEST_F(OpenaiProfile, AServerOfAnotherKindIsNamedWithWhatToDo) {
  for (const char* path : {"/v1/models", "/sdcpp/v1/capabilities", "/readyz"})
    server.on(std::string("GET ") + path, {Reply{404, "<html>nginx</html>", "text/html"}});
  for (int pages : {404, 200}) {
    server.on("GET /v1/models", {Reply{pages, "<html>a page</html>", "text/html"}});
    const Error error = error_of([&] { find(); });
    EXPECT_EQ(error.fault, Fault::settings);
    EXPECT_NE(std::string(error.what()).find(server.url() + "/v1"), std::string::npos);
    EXPECT_NE(error.remedy.find("base-url"), std::string::npos);
    EXPECT_NE(error.remedy.find("profile"), std::string::npos);
  }
}

TEST_F(OpenaiProfile, WhatMayPassIsTriedAgain) {
  server.on("GET /v1/models", {Reply{503, "{}"}});
  EXPECT_TRUE(error_of([&] { find(); }).retry);
  server.on("GET /v1/models", {Reply{401, R"({"error":{"message":"bad key"}})"}});
  const Error refused = error_of([&] { find(); });
  EXPECT_EQ(refused.fault, Fault::not_authorized);
  EXPECT_FALSE(refused.retry);
  Call now = call();
  const Error down = error_of([&] {
    find_profile(Server({"http://127.0.0.1:1/v1", Secret()}), now);
  });
  EXPECT_TRUE(down.retry);
}

TEST_F(OpenaiProfile, IsAskedForAtTheFirstPictureAndKept) {
  begin(Profile::automatic);
  EXPECT_TRUE(server.calls().empty()) << "a state change asks nobody";
  list(R"({"id":"m","owned_by":"vllm"})");
  server.on("POST /v1/images/generations",
            R"({"data":[{"b64_json":")" + base64_of(picture(64, 64).get()) + R"("}]})");
  const Request request{.role = Role::picture, .model = "m", .words = "a fox", .size = {64, 64}};
  picture_of(request);
  picture_of(request);
  EXPECT_EQ(server.calls("GET /v1/models").size(), 1u);
}

TEST_F(OpenaiProfile, IsAskedForAgainAfterARefusal) {
  begin(Profile::automatic);
  list(R"({"id":"old","owned_by":"vllm"})");
  const Request request{.role = Role::picture, .model = "auto", .words = "a fox", .size = {64, 64}};
  EXPECT_THROW(picture_of(request), Error);
  list(R"({"id":"new","owned_by":"sglang"})");
  server.on("POST /v1/images/generations",
            R"({"data":[{"b64_json":")" + base64_of(picture(64, 64).get()) + R"("}]})");
  picture_of(request);
  const auto body = body_of("POST /v1/images/generations");
  EXPECT_EQ(JsonView(body.get())["model"].text(), "new");
}

/// A proxy has a page of its own while the server behind it starts.
TEST_F(OpenaiProfile, AServerThatWasThereIsWaitedFor) {
  begin(Profile::automatic);
  list(R"({"id":"m","owned_by":"vllm"})");
  const Request request{.role = Role::clip, .model = "m", .words = "a fox", .size = {64, 64}};
  EXPECT_THROW(task_of(request), Error);
  const Reply page{200, "<html>one moment</html>", "text/html"};
  server.on("GET /v1/models", {page});
  const Error away = error_of([&] { task_of(request); });
  EXPECT_EQ(away.fault, Fault::settings);
  EXPECT_TRUE(away.retry);
  server.on("GET /v1/videos/t", R"({"id":"t","status":"in_progress"})");
  EXPECT_EQ(poll({"t"}, request).state, Poll::State::running) << "its task needs no new look";
}

TEST_F(OpenaiProfile, SdcppIsAskedForAgainAfterARefusalToo) {
  begin(Profile::automatic);
  list(R"({"id":"sd-cpp-local","owned_by":"local"})");
  const std::string said = R"({"error":"loaded model does not support img_gen"})";
  server.on("POST /sdcpp/v1/img_gen", {Reply{400, said}});
  const Request request{.role = Role::picture, .model = "auto", .words = "a fox", .size = {64, 64}};
  const Error refused = error_of([&] { picture_of(request); });
  EXPECT_NE(refused.remedy.find("start the server"), std::string::npos) << refused.remedy;
  list(R"({"id":"new","owned_by":"vllm"})");
  server.on("POST /v1/images/generations",
            R"({"data":[{"b64_json":")" + base64_of(picture(64, 64).get()) + R"("}]})");
  EXPECT_EQ(picture_of(request).model, "new");
}

TEST_F(OpenaiProfile, AServerWithoutAModelSaysSo) {
  begin(Profile::vllm_omni);
  list("");
  const Error error = error_of([&] { picture_of({.role = Role::picture, .model = "auto"}); });
  EXPECT_NE(std::string(error.what()).find("loaded no model"), std::string::npos) << error.what();
}

TEST_F(OpenaiProfile, AProbeTakesNoOtherServerForTheOneThatWasSet) {
  Call now = call();
  for (const Profile profile : {Profile::openai, Profile::vllm_omni, Profile::sdcpp}) {
    begin(profile);
    EXPECT_EQ(error_of([&] { backend->probe(now); }).fault, Fault::settings);
  }
  server.on("GET /sdcpp/v1/capabilities", "{}");
  EXPECT_NO_THROW(backend->probe(now));
}

TEST_F(OpenaiProfile, AProbeMakesNothing) {
  begin(Profile::automatic);
  list(R"({"id":"m","owned_by":"vllm"})");
  Call now = call();
  backend->probe(now);
  server.on("GET /v1/models", {Reply{500, "{}"}});
  EXPECT_THROW(backend->probe(now), Error);
  server.on("GET /v1/models", {Reply{404, "no"}});
  server.on("GET /sdcpp/v1/capabilities", "{}");
  backend->probe(now);
  for (const auto& call : server.calls())
    EXPECT_TRUE(call.head.starts_with("GET ")) << call.head;
}

TEST_F(OpenaiProfile, AnyNameHasARow) {
  begin(Profile::automatic);
  EXPECT_STREQ(find_model(*backend, Role::picture, "").name, "auto");
  EXPECT_STREQ(find_model(*backend, Role::clip, "", kKeyframe | kLastFrame).name, "auto");
  const Model& any = find_model(*backend, Role::clip, "Wan-AI/Wan2.2-I2V-A14B", kKeyframe, 5);
  EXPECT_EQ(choose_size(any, {1024, 576}, 0), (Size{1024, 576}));
  EXPECT_EQ(choose_size(any, {1000, 0}, 0), (Size{1008, 576}));
  EXPECT_EQ(choose_seconds(any, 4.2), 5);
  const Model& sora = find_model(*backend, Role::clip, "sora-2-2025-10-06", kKeyframe);
  EXPECT_STREQ(sora.name, "sora-2-2025-10-06");
  EXPECT_EQ(choose_seconds(sora, 5), 8);
  EXPECT_EQ(choose_size(sora, {1024, 576}, 0), (Size{1280, 720}));
  EXPECT_THROW(find_model(*backend, Role::clip, "sora-2", kLastFrame), Error);

  const auto openai = make_openai({kOpenaiUrl, Secret("k")});
  EXPECT_STREQ(find_model(*openai, Role::picture, "").name, "gpt-image-1");
  EXPECT_STREQ(find_model(*openai, Role::clip, "").name, "sora-2");
}

TEST_F(OpenaiProfile, AnOnlyModelStandsForItsName) {
  begin(Profile::vllm_omni);
  list(R"({"id":"Qwen/Qwen-Image","owned_by":"vllm"})");
  server.on("POST /v1/images/generations",
            R"({"data":[{"b64_json":")" + base64_of(picture(64, 64).get()) + R"("}]})");
  picture_of({.role = Role::picture, .model = "auto", .words = "a fox", .size = {64, 64}});
  const auto body = body_of("POST /v1/images/generations");
  EXPECT_EQ(JsonView(body.get())["model"].text(), "Qwen/Qwen-Image");
}

} // namespace
