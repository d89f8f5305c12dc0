// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole way of a picture and of the clip that begins with it, at each kind of server as the
// stand-in plays them.
#include "openai_rig.h"
#include "service/driver.h"
#include "service/openai/profile.h"
#include "standin.h"
#include "temp_folder.h"

#include <future>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

struct Way {
  const char* address; ///< of the stand-in's, and the name of the profile in its logs
  Profile profile;     ///< as it is set
  const char* picture_model;
  const char* clip_model;
  Size picture, clip;
  double seconds;
  bool takes_seed;
};

constexpr Way kWays[] = {
    {"vllm-omni",
     Profile::automatic,
     "Qwen/Qwen-Image",
     "Wan-AI/Wan2.2-I2V-A14B",
     {128, 96},
     {96, 64},
     1,
     true},
    {"sglang",
     Profile::automatic,
     "Qwen/Qwen-Image",
     "Wan-AI/Wan2.2-I2V-A14B-Diffusers",
     {128, 96},
     {96, 64},
     1,
     true},
    {"openai", Profile::openai, "gpt-image-1", "sora-2", {1024, 1024}, {1280, 720}, 4, false},
};

class OpenaiStandin : public testing::TestWithParam<Way> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<Standin>(); }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    server_->reset();
    // What OpenAI makes is large: the files are smaller than what they stand for.
    if (!GetParam().takes_seed)
      server_->configure(R"({"image": {"width": 64, "height": 64},
        "video": {"width": 64, "height": 36, "duration": 4}})");
    Access access{server_->address(GetParam().address), Secret("sk-standin")};
    access.profile = GetParam().profile;
    backend_ = make_openai(access);
  }

  Request picture() const {
    const Model& model = find_model(*backend_, Role::picture, GetParam().picture_model);
    return {.role = Role::picture,
            .model = model.name,
            .words = "paper lanterns over a canal",
            .size = choose_size(model, GetParam().picture, 0),
            .seed = 11};
  }
  Request clip(Ref<GBytes> keyframe) const {
    const Model& model = find_model(*backend_, Role::clip, GetParam().clip_model, kKeyframe);
    return {.role = Role::clip,
            .model = model.name,
            .words = "paper lanterns over a canal",
            .motion = "the camera rises",
            .size = choose_size(model, GetParam().clip, 0),
            .seconds = choose_seconds(model, GetParam().seconds),
            .seed = 12,
            .keyframe = std::move(keyframe)};
  }
  Done run(const Request& request, unsigned retries = 0) {
    return Driver(backend_, ResultStore(folder_.path()))
        .run(request, {.timeout = 30s, .poll_interval = 20ms, .max_retries = retries}, cancel_,
             [](int) {});
  }
  /// Calls of one route, by the name it has in the log behind the profile's.
  size_t count(const std::string& route) {
    const auto root = server_->calls();
    const JsonView calls = JsonView(root.get())["calls"];
    size_t found = 0;
    for (size_t i = 0; i < calls.size(); ++i)
      found += calls.at(i)["route"].text() == GetParam().address + ("-" + route);
    return found;
  }
  static Standin& server() { return *server_; }

  inline static std::unique_ptr<Standin> server_;
  std::shared_ptr<Backend> backend_;
  TempFolder folder_;
  Cancel cancel_;
};

TEST_P(OpenaiStandin, MakesAPictureAndTheClipThatBeginsWithIt) {
  const Done still = run(picture());
  ASSERT_TRUE(still.result.picture);
  const Done film = run(clip(still.result.picture));
  EXPECT_FALSE(film.result.clip_path.empty());
  EXPECT_EQ(film.provenance.seed, GetParam().takes_seed ? 12 : -1);
  EXPECT_FALSE(film.provenance.request_id.empty());
  run(picture()); // the store has it

  EXPECT_EQ(count("image"), 1u);
  EXPECT_EQ(count("video"), 1u);
  EXPECT_EQ(count("video-content"), 1u);
  EXPECT_GE(count("video-task"), 1u);
  const auto billed = server().billed();
  EXPECT_EQ(JsonView(billed.get())["count"].integer(), 2);
  const JsonView made = JsonView(billed.get())["generations"];
  EXPECT_EQ(made.at(0)["model"].text(), GetParam().picture_model);
  EXPECT_EQ(made.at(1)["prompt"].text(), "the camera rises");
  EXPECT_EQ(made.at(0)["seed"].integer().value_or(-1), GetParam().takes_seed ? 11 : -1);
  const auto root = server().calls();
  const JsonView calls = JsonView(root.get())["calls"];
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls.at(i)["path"].text().find("sk-standin"), std::string::npos);
    EXPECT_EQ(calls.at(i)["query"].text().find("sk-standin"), std::string::npos);
  }
}

TEST_P(OpenaiStandin, FailedAndLostTasksEndAndMayBeOrderedAgain) {
  const Request order = clip(openai_rig::picture(96, 64));
  const std::string route = GetParam().address + std::string("-video-task");
  server().fail(R"([{"route": ")" + route + R"(", "kind": "task-state", "state": "FAILED",
    "message": "out of memory"}])");
  const Error failed = openai_rig::error_of([&] { run(order); });
  EXPECT_TRUE(failed.ended) << failed.what();
  EXPECT_NE(std::string(failed.what()).find("out of memory"), std::string::npos);
  server().fail("[]");
  server().configure(R"({"video": {"seconds": 60}})");
  auto lost =
      std::async(std::launch::async, [&] { return openai_rig::error_of([&] { run(order); }); });
  while (count("video-task") < 2)
    g_usleep(5'000);
  server().control("POST", "/forget", "{}");
  EXPECT_EQ(lost.get().fault, Fault::not_found);
  server().configure(R"({"video": {"seconds": 0}})");
  EXPECT_FALSE(run(order).result.clip_path.empty());
}

/// What one fault at that route comes to: nothing, or the kind of error.
std::optional<Fault> outcome(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_FALSE(error.remedy.empty()) << error.what();
    return error.fault;
  }
  return std::nullopt;
}

TEST_P(OpenaiStandin, OddAnswersAreTakenOrNamed) {
  const struct {
    const char* kind;
    std::optional<Fault> fault;
  } kinds[] = {{"data-empty", Fault::format},      {"item-without-content", Fault::format},
               {"base64-garbage", Fault::damaged}, {"base64-newlines", std::nullopt},
               {"base64-data-uri", std::nullopt},  {"other-type", std::nullopt}};
  Request order = picture();
  for (const auto& odd : kinds) {
    server().fail(R"([{"route": ")" + (GetParam().address + std::string("-image")) +
                  R"(", "kind": ")" + odd.kind + "\"}]");
    ++order.take;
    EXPECT_EQ(outcome([&] { run(order); }), odd.fault) << odd.kind;
  }
}

TEST_P(OpenaiStandin, ACreateWhoseAnswerIsLostIsFoundOrAdmitted) {
  const Request order = clip(openai_rig::picture(96, 64));
  server().fail(R"([{"route": ")" + (GetParam().address + std::string("-video")) +
                R"(", "kind": "accept-then-close"}])");
  // SGLang's list does not say the words, so nobody can tell which task it is.
  const bool can_tell = GetParam().address != std::string("sglang");
  const auto fault = outcome([&] { run(order); });
  EXPECT_EQ(fault.has_value(), !can_tell);
  EXPECT_EQ(count("video"), 1u) << "it is never sent again blindly";
}

TEST_P(OpenaiStandin, AClipThatArrivesBadlyIsFetchedAgain) {
  for (const char* kind : {"truncate", "wrong-type", "close-before-headers"}) {
    server().fail(R"([{"route": ")" + (GetParam().address + std::string("-video-content")) +
                  R"(", "kind": ")" + kind + "\"}]");
    Request order = clip(openai_rig::picture(96, 64));
    order.words = kind;
    EXPECT_FALSE(run(order, 2).result.clip_path.empty()) << kind;
  }
  EXPECT_EQ(count("video"), 3u);
}

TEST(OpenaiStandinProfiles, AreToldApart) {
  Standin server;
  Cancel cancel;
  Call call{cancel, std::chrono::steady_clock::now() + 10s, [](int) {}, {}, {}, {}};
  const std::pair<const char*, Profile> profiles[] = {{"vllm-omni", Profile::vllm_omni},
                                                      {"sglang", Profile::sglang},
                                                      {"localai", Profile::localai},
                                                      {"sdcpp", Profile::sdcpp}};
  for (const auto& [name, profile] : profiles)
    EXPECT_EQ(openai::find_profile(openai::Server({server.address(name), Secret()}), call), profile)
        << name;
}

TEST(OpenaiStandinProfiles, LocalaiMakesPictures) {
  Standin server;
  Cancel cancel;
  TempFolder folder;
  const auto backend = make_openai({server.address("localai"), Secret()});
  const Request request{.role = Role::picture,
                        .model = "qwen-image",
                        .words = "a red fox",
                        .negative = "snow",
                        .size = {96, 64}};
  const Done done = Driver(backend, ResultStore(folder.path()))
                        .run(request, {.timeout = 30s, .max_retries = 0}, cancel, [](int) {});
  EXPECT_EQ(sniff_picture(done.result.picture.get()).width, 96);
  const auto billed = server.billed();
  EXPECT_EQ(JsonView(billed.get())["count"].integer(), 1);
}

std::string name_of(const testing::TestParamInfo<Way>& info) {
  std::string name = info.param.address;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Servers, OpenaiStandin, testing::ValuesIn(kWays), name_of);

} // namespace
