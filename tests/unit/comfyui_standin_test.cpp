// SPDX-License-Identifier: LGPL-2.1-or-later
// The example workflows, from an order to a result in the store, against the stand-in's ComfyUI
// and its faults.
#include "dashscope_rig.h"
#include "media/probe.h"
#include "service/driver.h"
#include "service/factory.h"
#include "store/files.h"
#include "store/journal.h"
#include "temp_folder.h"

#include <gtest/gtest.h>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

class ComfyuiStandin : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<Standin>(); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    server_->reset();
    server_->configure(R"({"image": {"seconds": 0.3}, "video": {"seconds": 0.3}})");
  }

  std::shared_ptr<Backend> backend(const std::string& workflow, Role role) {
    return make_backend(BackendChoice::comfyui,
                        {.base_url = server_->address("comfyui"),
                         .workflow = std::string(g_getenv("AIGC_DOCS")) + "/workflows/" + workflow,
                         .role = role});
  }
  Request picture_request() {
    Request request{.role = Role::picture, .words = "a lighthouse {seed}", .size = {128, 64}};
    request.model = "qwen_image";
    return request;
  }
  Request clip_request() {
    Request request{.role = Role::clip, .motion = "waves rise", .size = {64, 64}, .seconds = 1};
    request.model = "wan22_i2v";
    request.keyframe = picture(64, 64, "image/png");
    return request;
  }
  Done run(const Request& request) {
    const bool clip = request.role == Role::clip;
    const Driver driver(backend(clip ? "wan22_i2v.json" : "qwen_image.json", request.role),
                        ResultStore(folder_.path()));
    percents_.clear();
    return driver.run(request, {.timeout = 20s, .max_retries = 1}, cancel_,
                      [this](int percent) { percents_.push_back(percent); });
  }
  Error failure(const Request& request) {
    return error_of([&] { run(request); });
  }
  void fail(const std::string& kind, const std::string& more = "") {
    server_->fail(R"([{"route": "comfyui-prompt", "kind": ")" + kind + "\"" + more + "}]");
  }
  size_t billed() {
    const auto list = server_->billed();
    return static_cast<size_t>(JsonView(list.get())["count"].integer().value_or(-1));
  }
  bool is_open() const { return !Journal(folder_.path()).keys().empty(); }

  inline static std::unique_ptr<Standin> server_;
  TempFolder folder_;
  Cancel cancel_;
  std::vector<int> percents_;
};

} // namespace

TEST_F(ComfyuiStandin, PaintsAPicture) {
  const Done done = run(picture_request());
  ASSERT_TRUE(done.result.picture);
  const PictureInfo info = sniff_picture(done.result.picture.get());
  EXPECT_EQ(info.width, 128);
  EXPECT_EQ(info.height, 64);
  EXPECT_EQ(done.provenance.service, "comfyui");
  EXPECT_EQ(done.provenance.model, "qwen_image");
  EXPECT_GE(done.provenance.seed, 0);
  EXPECT_FALSE(percents_.empty());
  EXPECT_TRUE(std::is_sorted(percents_.begin(), percents_.end()));
  const auto list = server_->billed();
  EXPECT_NE(json_text(list.get()).find("a lighthouse {seed}"), std::string::npos);
  EXPECT_TRUE(run(picture_request()).provenance.cache_hit);
  EXPECT_EQ(billed(), 1u);
}

TEST_F(ComfyuiStandin, FilmsAKeyframe) {
  const Done done = run(clip_request());
  Cancel cancel;
  const ClipInfo clip = probe_clip(
      take_string(g_filename_to_uri(done.result.clip_path.c_str(), nullptr, nullptr)), cancel);
  EXPECT_NEAR(static_cast<double>(clip.span) / GST_SECOND, 17 / 16.0, 0.02);
}

TEST_F(ComfyuiStandin, GetsOverWhatGoesWrongOnTheSocket) {
  for (const char* kind : {"ws-drop", "foreign-messages", "fragmented-frames", "fully-cached"}) {
    SetUp();
    fail(kind);
    Request request = picture_request();
    request.words = kind;
    EXPECT_TRUE(run(request).result.picture) << kind;
    EXPECT_TRUE(std::is_sorted(percents_.begin(), percents_.end())) << kind;
    EXPECT_EQ(billed(), 1u) << kind;
  }
  SetUp();
  server_->fail(R"([{"route": "comfyui-ws", "kind": "ws-refuse", "times": 100}])");
  EXPECT_TRUE(run(picture_request()).result.picture);
}

TEST_F(ComfyuiStandin, NamesWhatEndsAShot) {
  const std::pair<const char*, const char*> cases[] = {{"execution-error", "failed at node"},
                                                       {"interrupted", "interrupted at node"},
                                                       {"forget", "does not know the shot"},
                                                       {"missing-outputs", "left no file"},
                                                       {"two-outputs", "made 2 files"}};
  for (const auto& [kind, said] : cases) {
    SetUp();
    fail(kind);
    const Error error = failure(picture_request());
    EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << error.what();
    EXPECT_FALSE(error.remedy.empty()) << kind;
    EXPECT_FALSE(is_open()) << kind; // a rerun orders anew
  }
}

TEST_F(ComfyuiStandin, FetchesAFileThatIsThereAMomentLater) {
  server_->fail(R"([{"route": "comfyui-view", "kind": "view-404"}])");
  EXPECT_TRUE(run(picture_request()).result.picture);
  EXPECT_EQ(billed(), 1u);
}

TEST_F(ComfyuiStandin, SendsAnOrderAgainThatABrokenServerDidNotTake) {
  server_->fail(R"([{"route": "comfyui-prompt", "kind": "status", "status": 503}])");
  EXPECT_TRUE(run(picture_request()).result.picture);
  EXPECT_EQ(billed(), 1u);
}

TEST_F(ComfyuiStandin, NamesTheModelFileThatIsMissing) {
  const auto bytes = read_file(std::string(g_getenv("AIGC_DOCS")) + "/workflows/qwen_image.json");
  std::string text(view(bytes.get()));
  const std::string name = "qwen_image_vae.safetensors";
  text.replace(text.find(name), name.size(), "no_such_vae.safetensors");
  const std::string path = folder_.path() + "/qwen_image.json";
  write_file(path, text, false);
  const Driver driver(make_backend(BackendChoice::comfyui,
                                   {.base_url = server_->address("comfyui"), .workflow = path}),
                      ResultStore(folder_.path()));
  const Error error =
      error_of([&] { driver.run(picture_request(), {.timeout = 20s}, cancel_, [](int) {}); });
  EXPECT_NE(std::string(error.what()).find("\"no_such_vae.safetensors\" at node vae (VAELoader)"),
            std::string::npos)
      << error.what();
  EXPECT_EQ(billed(), 0u);
}

TEST_F(ComfyuiStandin, FindsAShotWhoseAnswerWasLost) {
  fail("accept-then-close");
  EXPECT_TRUE(run(picture_request()).result.picture);
  EXPECT_EQ(billed(), 1u);
}
