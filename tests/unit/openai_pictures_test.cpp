// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of servers of the OpenAI kind: how each is asked, and what answers may look like.
#include "openai_rig.h"
#include "service/driver.h"
#include "service/verify.h"
#include "store/files.h"
#include "temp_folder.h"

using namespace openai_rig;

namespace {

constexpr const char* kCreate = "POST /v1/images/generations";
constexpr const char* kEdit = "POST /v1/images/edits";

std::string answer_of(const std::string& member) {
  return R"({"created":1,"id":"r-1","data":[{)" + member + "}]}";
}

std::string answer_with(GBytes* bytes) {
  return answer_of(R"("b64_json":")" + base64_of(bytes) + "\"");
}

class OpenaiPictures : public OpenaiRig {
 protected:
  OpenaiPictures() { server.on(kCreate, answer_with(picture(64, 64).get())); }

  Request request() {
    return {.role = Role::picture,
            .model = "m",
            .words = "a red fox",
            .negative = "snow",
            .size = {64, 64},
            .seed = 7,
            .take = 1};
  }
  Result make(Profile profile) {
    begin(profile);
    return picture_of(request());
  }
  Error failure(const std::string& body) {
    server.on(kCreate, body);
    return error_of([&] { make(Profile::vllm_omni); });
  }
};

TEST_F(OpenaiPictures, EachServerIsAskedInItsOwnWords) {
  for (const Profile profile : {Profile::vllm_omni, Profile::sglang}) {
    const Result result = make(profile);
    EXPECT_TRUE(result.picture);
    EXPECT_EQ(result.request_id, "r-1");
    EXPECT_EQ(result.usage.pictures, 1);
    const auto root = body_of(kCreate);
    const JsonView body(root.get());
    EXPECT_EQ(body["model"].text(), "m");
    EXPECT_EQ(body["prompt"].text(), "a red fox");
    EXPECT_EQ(body["negative_prompt"].text(), "snow");
    EXPECT_EQ(body["size"].text(), "64x64");
    EXPECT_EQ(body["n"].integer(), 1);
    EXPECT_EQ(body["seed"].integer(), 7 + kTakeStride);
    EXPECT_EQ(result.seed, 7 + kTakeStride);
    EXPECT_EQ(body["response_format"].text(), "b64_json");
  }
  make(Profile::localai);
  const auto local = body_of(kCreate);
  EXPECT_EQ(JsonView(local.get())["prompt"].text(), "a red fox|snow");
  EXPECT_FALSE(JsonView(local.get())["negative_prompt"].exists());
  EXPECT_TRUE(JsonView(local.get())["seed"].exists());
}

TEST_F(OpenaiPictures, OpenaiIsNotAskedForWhatItRefuses) {
  begin(Profile::openai);
  Request order = request();
  order.model = "gpt-image-1";
  EXPECT_EQ(picture_of(order).seed, -1);
  const auto root = body_of(kCreate);
  for (const char* name : {"response_format", "seed", "negative_prompt"})
    EXPECT_FALSE(JsonView(root.get())[name].exists()) << name;
  EXPECT_NE(server.calls(kCreate).back().head.find("Authorization: Bearer canary-key"),
            std::string::npos);
}

TEST_F(OpenaiPictures, AFormatThatIsRefusedIsLeftOut) {
  server.on(kCreate, {Reply{400, R"({"error":{"message":"Unknown parameter: response_format"}})"},
                      Reply{200, answer_with(picture(64, 64).get())}});
  EXPECT_TRUE(make(Profile::openai).picture);
  ASSERT_EQ(server.calls(kCreate).size(), 2u);
  const auto root = body_of(kCreate);
  EXPECT_FALSE(JsonView(root.get())["response_format"].exists());
}

TEST_F(OpenaiPictures, ASeedNobodyGaveIsSentAndTold) {
  begin(Profile::sglang);
  Request order = request();
  order.seed = -1;
  const Result result = picture_of(order);
  EXPECT_GE(result.seed, 0);
  const auto root = body_of(kCreate);
  EXPECT_EQ(JsonView(root.get())["seed"].integer(), result.seed);
  Call other = call();
  other.id = "another-order";
  EXPECT_NE(std::get<Result>(backend->submit(order, other)).seed, result.seed);
}

TEST_F(OpenaiPictures, TheBytesDecideWhatTheyAre) {
  const auto jpeg = picture(64, 48, "image/jpeg");
  std::string encoded = base64_of(jpeg.get());
  server.on(kCreate, answer_of(R"("b64_json":"data:image/png;base64,)" + encoded + "\""));
  EXPECT_TRUE(g_bytes_equal(make(Profile::sglang).picture.get(), jpeg.get()));
  for (size_t at = 76; at < encoded.size(); at += 78)
    encoded.insert(at, "\\n");
  server.on(kCreate, answer_of(R"("b64_json":")" + encoded + "\""));
  EXPECT_TRUE(g_bytes_equal(make(Profile::sglang).picture.get(), jpeg.get()));
  server.on(kCreate, answer_of(R"("url":"data:image/jpeg;base64,)" + encoded + "\""));
  EXPECT_TRUE(g_bytes_equal(make(Profile::sglang).picture.get(), jpeg.get()));
}

TEST_F(OpenaiPictures, AddressesAreTakenTooRelativeOrNot) {
  server.on(kCreate, answer_of(R"("b64_json":null,"url":"/v1/images/x/content")"));
  const std::string own = make(Profile::sglang).url;
  EXPECT_EQ(own, server.url() + "/v1/images/x/content");
  EXPECT_FALSE(backend->key_for(own).empty());
  server.on(kCreate, answer_of(R"("url":"https://cdn.test/x.png?sig=1")"));
  const std::string other = make(Profile::localai).url;
  EXPECT_EQ(other, "https://cdn.test/x.png?sig=1");
  EXPECT_TRUE(backend->key_for(other).empty()) << "the key is for its own server";
}

TEST_F(OpenaiPictures, ReferencesGoAsAForm) {
  server.on(kEdit, answer_of(R"("url":"/v1/images/y/content")"));
  Request order = request();
  order.references = {{picture(32, 32), {}}, {picture(32, 32, "image/jpeg"), {}}};
  const struct {
    Profile profile;
    const char* name;
  } ways[] = {
      {Profile::vllm_omni, "image"}, {Profile::sglang, "image"}, {Profile::openai, "image[]"}};
  for (const auto& way : ways) {
    begin(way.profile);
    EXPECT_EQ(picture_of(order).url, server.url() + "/v1/images/y/content");
    const std::string form = server.calls(kEdit).back().body;
    EXPECT_TRUE(has_file(form, way.name, "image/png")) << way.name;
    EXPECT_NE(form.find("reference.jpeg"), std::string::npos);
    EXPECT_EQ(form_field(form, "prompt"), "a red fox");
    EXPECT_EQ(form_field(form, "size"), "64x64");
    EXPECT_EQ(form_field(form, "seed"),
              way.profile == Profile::openai ? "(none)" : std::to_string(7 + kTakeStride));
  }
  order.references.resize(1);
  picture_of(order);
  EXPECT_TRUE(has_file(server.calls(kEdit).back().body, "image", "image/png"));
  order.references = {{{}, "https://pictures.test/cat.png"}};
  EXPECT_EQ(error_of([&] { picture_of(order); }).fault, Fault::settings);
  begin(Profile::vllm_omni);
  picture_of(order);
  EXPECT_EQ(form_field(server.calls(kEdit).back().body, "url"), "https://pictures.test/cat.png");
}

TEST_F(OpenaiPictures, LocalaiReadsReferencesInItsJson) {
  begin(Profile::localai);
  const auto cat = picture(32, 32);
  Request order = request();
  order.references = {{cat, {}}};
  picture_of(order);
  const auto root = body_of(kCreate);
  EXPECT_EQ(JsonView(root.get())["ref_images"].at(0).text(), base64_of(cat.get()));
}

TEST_F(OpenaiPictures, AnswersWithoutAPictureAreNamed) {
  const Error empty = failure(R"({"created":1,"data":[]})");
  EXPECT_EQ(empty.fault, Fault::format);
  EXPECT_NE(std::string(empty.what()).find("data"), std::string::npos);
  const Error neither = failure(answer_of(R"("revised_prompt":"x")"));
  EXPECT_EQ(neither.fault, Fault::format);
  EXPECT_NE(std::string(neither.what()).find("neither"), std::string::npos);
  EXPECT_EQ(failure(answer_of(R"("b64_json":"%%%")")).fault, Fault::damaged);
  for (const Error& error : {empty, neither}) {
    EXPECT_TRUE(error.billed);
    EXPECT_FALSE(error.retry);
    EXPECT_FALSE(error.remedy.empty());
  }
  EXPECT_EQ(failure(R"({"error":{"code":"content_policy_violation","message":"no"}})").fault,
            Fault::moderation);
  EXPECT_TRUE(failure("<html>").unclear) << "an answer nobody can read may have been one";
}

TEST_F(OpenaiPictures, RefusalsAreOneSentence) {
  server.on(kCreate, {Reply{422, R"({"detail":[{"type":"string_pattern_mismatch",
      "loc":["body","size"],"msg":"size must be in format 'WIDTHxHEIGHT'","input":"64*64"},
      {"loc":["body","n"],"msg":"too many"}]})"}});
  const Error list = error_of([&] { make(Profile::vllm_omni); });
  EXPECT_EQ(list.fault, Fault::settings);
  EXPECT_NE(std::string(list.what())
                .find("body.size: size must be in format 'WIDTHxHEIGHT'; "
                      "body.n: too many"),
            std::string::npos)
      << list.what();
  EXPECT_EQ(std::string(list.what()).find("64*64"), std::string::npos);
  server.on(kCreate, {Reply{503, R"({"detail":"engine is down"})"}});
  const Error down = error_of([&] { make(Profile::vllm_omni); });
  EXPECT_TRUE(down.retry);
  EXPECT_FALSE(down.unclear);
  server.on(kCreate, {Reply{400, R"({"detail":{"message":"out of memory"}})"}});
  EXPECT_NE(std::string(error_of([&] { make(Profile::sglang); }).what()).find("out of memory"),
            std::string::npos);
}

/// Whoever is behind a gateway may still be at work.
TEST_F(OpenaiPictures, AGatewayThatLostPatienceLeavesItUnclear) {
  for (const int status : {408, 502, 504, 522})
    for (const char* body : {R"({"message":"Endpoint request timed out"})",
                             R"({"error":{"message":"upstream","code":"server_error"}})",
                             "<html>Bad Gateway</html>"}) {
      server.on(kCreate, {Reply{status, body}});
      const Error error = error_of([&] { make(Profile::openai); });
      EXPECT_TRUE(error.unclear) << status << body;
      EXPECT_FALSE(error.retry) << status << body;
    }
  for (const int status : {429, 500, 503, 529}) {
    server.on(kCreate, {Reply{status, R"({"error":{"message":"busy"}})"}});
    const Error error = error_of([&] { make(Profile::openai); });
    EXPECT_FALSE(error.unclear) << status;
    EXPECT_TRUE(error.retry) << status;
  }
}

TEST_F(OpenaiPictures, AModelTheServerLacksIsAnsweredWithThoseItHas) {
  server.on("GET /v1/models", R"({"data":[{"id":"flux"},{"id":"sdxl"}]})");
  server.on(kCreate, {Reply{404, R"({"error":{"message":"model m does not exist","code":404}})"}});
  const Error lacks = error_of([&] { make(Profile::vllm_omni); });
  EXPECT_EQ(lacks.fault, Fault::not_found);
  EXPECT_NE(lacks.remedy.find("flux, sdxl"), std::string::npos) << lacks.remedy;
  server.on(kCreate, {Reply{400, R"({"error":{"message":"no such model"}})"}});
  EXPECT_NE(error_of([&] { make(Profile::localai); }).remedy.find("flux"), std::string::npos);
  server.on("GET /v1/models", kVllmModels);
  server.on(kCreate, {Reply{404, R"({"detail":"Not Found"})"}});
  EXPECT_NE(error_of([&] { make(Profile::vllm_omni); }).remedy.find("start the server"),
            std::string::npos);
}

/// What the driver makes of it.
class OpenaiPictureRuns : public OpenaiPictures {
 protected:
  Done run(const Request& request) {
    return Driver(backend, ResultStore(folder.path()))
        .run(request, {.timeout = 10s, .max_retries = 0}, cancel, [](int) {});
  }
  TempFolder folder;
};

TEST_F(OpenaiPictureRuns, WhatIsFarOffTheOrderIsRefused) {
  begin(Profile::vllm_omni);
  Request order = request();
  const auto with = [&](int width, int height) {
    server.on(kCreate, answer_with(picture(width, height).get()));
    ++order.take;
  };
  order.size = {160, 96};
  with(96, 160);
  Error error = error_of([&] { run(order); });
  EXPECT_EQ(error.fault, Fault::format);
  EXPECT_NE(std::string(error.what()).find("96x160 where 160x96"), std::string::npos);
  EXPECT_NE(error.remedy.find("width"), std::string::npos);
  with(80, 48);
  EXPECT_EQ(error_of([&] { run(order); }).fault, Fault::format) << "a quarter of the pixels";
  with(144, 88);
  EXPECT_TRUE(run(order).result.picture) << "small differences are only warned of";
  server.on(kEdit, answer_with(picture(96, 160).get()));
  order.references = {{picture(96, 160), {}}};
  EXPECT_TRUE(run(order).result.picture) << "what follows a picture has its shape";
}

/// What is paid for is delivered, with a warning.
TEST_F(OpenaiPictureRuns, OnlyAServerOfOnesOwnHasToKeepToTheSize) {
  const auto gateway = make_openai({"https://gateway.test/v1", Secret("k")});
  begin(Profile::openai);
  for (const char* name : {"", "flux"}) {
    EXPECT_FALSE(find_model(*gateway, Role::picture, name).exact);
    EXPECT_FALSE(find_model(*gateway, Role::clip, name).exact);
    EXPECT_TRUE(find_model(*backend, Role::picture, name).exact);
    EXPECT_TRUE(find_model(*backend, Role::clip, name).exact);
  }
  Request order = request();
  order.size = {160, 96};
  Result result;
  result.picture = picture(96, 160);
  const Model& theirs = find_model(*gateway, Role::picture, "flux");
  EXPECT_NO_THROW(verify_delivery(order, &theirs, result, cancel));
  const Model& own = find_model(*backend, Role::picture, "flux");
  EXPECT_THROW(verify_delivery(order, &own, result, cancel), Error);
}

TEST_F(OpenaiPictureRuns, APictureIsFetchedWithTheKeyFromItsOwnServerOnly) {
  begin(Profile::sglang);
  server.on(kCreate, answer_of(R"("url":"/v1/images/x/content")"));
  server.on("GET /v1/images/x/content", std::string(view(picture(64, 64).get())));
  const Done done = run(request());
  EXPECT_EQ(sniff_picture(done.result.picture.get()).width, 64);
  EXPECT_EQ(done.provenance.seed, 7 + kTakeStride);
  const auto fetched = server.calls("GET /v1/images/x/content");
  ASSERT_EQ(fetched.size(), 1u);
  EXPECT_NE(fetched[0].head.find("Bearer canary-key"), std::string::npos);
}

} // namespace
