// SPDX-License-Identifier: LGPL-2.1-or-later
// stable-diffusion.cpp and LocalAI as the stand-in plays them: told apart by themselves, a picture
// and a clip carried home from each, and the faults of the way.
#include "../standin.h"
#include "../temp_folder.h"
#include "base/error.h"
#include "media/container.h"
#include "media/picture.h"
#include "media/probe.h"
#include "service/driver.h"
#include "service/openai/openai_backend.h"
#include "store/journal.h"

#include <gtest/gtest.h>
#include <memory>

using namespace aigc;
using namespace std::chrono_literals;

namespace {

class OwnServers : public testing::Test {
 protected:
  /// One for all tests; null where none is named.
  static Standin* server() {
    static const auto server =
        g_getenv("AIGC_STANDIN") ? std::make_unique<Standin>() : std::unique_ptr<Standin>();
    return server.get();
  }

  void SetUp() override {
    ASSERT_TRUE(server()) << "AIGC_STANDIN does not name the stand-in";
    server()->reset();
  }

  static Request order(Role role, const char* model) {
    return {.role = role,
            .model = model,
            .words = "a red fox",
            .negative = "snow",
            .size = {160, 96},
            .seconds = role == Role::clip ? 1.0 : 0,
            .seed = 3};
  }

  Done run(const char* profile, const Request& request) {
    Driver driver(make_openai({server()->address(profile)}), ResultStore(folder.path()));
    return driver.run(request, options, cancel, [](int) {});
  }

  Error failure(const char* profile, const Request& request) {
    try {
      run(profile, request);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(Fault::settings, "");
  }

  bool is_open(const char* profile, const Request& request) const {
    const auto backend = make_openai({server()->address(profile)});
    return Journal(folder.path()).has(request_key(edition_of(*backend), request));
  }

  double seconds_of(const Result& result) {
    const std::string uri =
        take_string(g_filename_to_uri(result.clip_path.c_str(), nullptr, nullptr));
    return static_cast<double>(probe_clip(uri, cancel).span) / GST_SECOND;
  }

  static size_t calls(const char* route) {
    const auto log = server()->calls();
    const JsonView all = JsonView(log.get())["calls"];
    size_t count = 0;
    for (size_t i = 0; i < all.size(); ++i)
      count += all.at(i)["route"].text() == route;
    return count;
  }

  TempFolder folder;
  Cancel cancel;
  DriverOptions options{.timeout = 20s, .poll_interval = 20ms, .max_retries = 0};
};

constexpr const char* kAnyModel = "auto";

} // namespace

TEST_F(OwnServers, SdcppMakesAPictureAndAClipInWebm) {
  const Done painted = run("sdcpp", order(Role::picture, kAnyModel));
  const PictureInfo picture = sniff_picture(painted.result.picture.get());
  EXPECT_EQ(picture.width, 160);
  EXPECT_EQ(picture.height, 96);
  const Done filmed = run("sdcpp", order(Role::clip, kAnyModel));
  EXPECT_EQ(container_of(filmed.result.clip_path), Container::webm);
  EXPECT_TRUE(filmed.result.clip_path.ends_with(".webm"));
  EXPECT_NEAR(seconds_of(filmed.result), 17 / 16.0, 0.1);
  EXPECT_EQ(calls("sdcpp-img-gen"), 1u);
  EXPECT_EQ(calls("sdcpp-video"), 1u);
}

TEST_F(OwnServers, SdcppTakesTheFirstAndTheLastPicture) {
  Request request = order(Role::clip, kAnyModel);
  request.keyframe = run("sdcpp", order(Role::picture, kAnyModel)).result.picture;
  request.last_frame = request.keyframe;
  EXPECT_GT(seconds_of(run("sdcpp", request).result), 0.9);
}

TEST_F(OwnServers, LocalaiMakesAClipWhereverItSaysTheFileIs) {
  options.use_cache = false;
  for (const char* relative : {"false", "true"}) {
    server()->configure(std::string(R"({"profiles": {"localai": {"relative_url": )") + relative +
                        "}}}");
    Request request = order(Role::clip, "wan2.2-t2v");
    request.keyframe = run("localai", order(Role::picture, "qwen-image")).result.picture;
    const Done filmed = run("localai", request);
    EXPECT_EQ(container_of(filmed.result.clip_path), Container::mp4);
    EXPECT_GT(seconds_of(filmed.result), 0.9);
  }
}

TEST_F(OwnServers, AModelThatLocalaiLacksIsNamedWithThoseItHas) {
  const Error error = failure("localai", order(Role::clip, "sora"));
  EXPECT_EQ(error.fault, Fault::not_found) << error.what();
  EXPECT_NE(error.remedy.find("wan2.2-t2v"), std::string::npos) << error.remedy;
}

TEST_F(OwnServers, AJobThatARestartTookIsOverAndNamed) {
  server()->configure(R"({"video": {"seconds": 5}})");
  options.reached = [](Step step) {
    if (step == Step::task_written) server()->control("POST", "/forget", R"({"profile":"sdcpp"})");
  };
  const Request request = order(Role::clip, kAnyModel);
  const Error error = failure("sdcpp", request);
  EXPECT_EQ(error.fault, Fault::not_found) << error.what();
  EXPECT_NE(error.remedy.find("restarts"), std::string::npos);
  EXPECT_FALSE(is_open("sdcpp", request));
}

TEST_F(OwnServers, AnExpiredJobIsOverAndNamed) {
  server()->configure(R"({"profiles": {"sdcpp": {"keep_seconds": 0}}})");
  const Request request = order(Role::clip, kAnyModel);
  const Error error = failure("sdcpp", request);
  EXPECT_EQ(error.http_status, 410) << error.what();
  EXPECT_FALSE(is_open("sdcpp", request));
}

TEST_F(OwnServers, AFullQueueIsNamed) {
  server()->configure(R"({"profiles": {"sdcpp": {"queue": 0}}})");
  const Error error = failure("sdcpp", order(Role::picture, kAnyModel));
  EXPECT_EQ(error.http_status, 429) << error.what();
  EXPECT_TRUE(error.retry);
}

TEST_F(OwnServers, OddlyWrittenResultsAreTakenAndBadOnesNamed) {
  options.use_cache = false;
  struct Case {
    const char* profile;
    const char* route; ///< the one that gives the result
    const char* model;
    const char* fault;
    bool taken;
  };
  for (const Case& one : {Case{"sdcpp", "sdcpp-video", "auto", "base64-newlines", true},
                          Case{"sdcpp", "sdcpp-video", "auto", "base64-data-uri", true},
                          Case{"sdcpp", "sdcpp-video", "auto", "base64-garbage", false},
                          Case{"sdcpp", "sdcpp-video", "auto", "item-without-content", false},
                          Case{"sdcpp", "sdcpp-video", "auto", "broken-clip", false},
                          Case{"sdcpp", "sdcpp-video", "auto", "not-a-clip", false},
                          Case{"localai", "localai-video", "wan2.2-t2v", "data-empty", false},
                          Case{"localai", "localai-video", "wan2.2-t2v", "moov-at-end", true},
                          Case{"localai", "localai-video", "wan2.2-t2v", "chunked", true}}) {
    SCOPED_TRACE(std::string(one.profile) + " " + one.fault);
    server()->reset();
    server()->fail(std::string(R"([{"route": ")") + one.route + R"(", "kind": ")" + one.fault +
                   "\"}]");
    const Request request = order(Role::clip, one.model);
    if (one.taken) {
      EXPECT_NO_THROW(run(one.profile, request));
      continue;
    }
    const Error error = failure(one.profile, request);
    EXPECT_TRUE(error.fault == Fault::format || error.fault == Fault::damaged) << error.what();
    EXPECT_FALSE(is_open(one.profile, request));
  }
}
